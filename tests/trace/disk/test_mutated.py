"""A manifest with anything in it changed, and files with any bit flipped: read as they say, or refused clearly. Nothing else."""

from __future__ import annotations

import copy
import json
import random
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import laminae as lm
from tests.trace.disk.small import chain, lines, reader, rewrite, samples, texts

CHAIN = cache(chain)
READER = cache(reader)
STORE = ["L2", lm.Store("L3", every=2, dtype="bf16"), lm.Store("L4", reduce="stats")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), 1 << 64) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[Path, ...]:
    """Even and ragged samples, every fourth one, statistics, several shards."""
    place = tmp_path_factory.mktemp("mutated")
    for name in ("even", "ragged"):
        harvested(place / name)
    return place / "even", place / "ragged"


def harvested(folder: Path) -> None:
    if folder.name.startswith("even"):
        CHAIN().harvest(samples(9), store=STORE, out=folder, batch=2, shard_bytes=60)
    else:
        READER().harvest(texts(12), out=folder, batch=3, shard_bytes=300)


def places(held: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in JSON, at every depth."""
    inner = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))] if path else [
        place for key, part in inner for place in places(part, (key,))
    ]  # fmt: skip


def changed(held: Any, path: tuple[Any, ...], value: Any, how: str) -> Any:
    made = copy.deepcopy(held)
    around = made
    for key in path[:-1]:
        around = around[key]
    if how == "taken out":
        del around[path[-1]]
    elif how == "twice" and isinstance(around, list):
        around.insert(path[-1], copy.deepcopy(around[path[-1]]))
    else:
        around[path[-1]] = value
    return made


def read_all(folder: Path) -> None:
    acts = lm.load(folder)
    str(acts)
    repr(acts)
    acts.check()
    for layer in acts.layers:
        outputs = acts[layer] if isinstance(acts[layer], tuple) else (acts[layer],)
        for one in outputs:
            for number in one.batch_numbers:
                one.batch(number)
            if one.by_sample:
                one[0:3], one[[0, len(one) - 1]] if len(one) else None


@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_manifest_changed_anywhere_is_read_or_refused(folders, data):
    folder = data.draw(st.sampled_from(folders))
    told = lines(folder)
    where = data.draw(st.sampled_from(places(told)))
    how = data.draw(st.sampled_from(["another", "another", "taken out", "twice"]))
    twin = folder.parent / f"{folder.name}-twin"
    shutil.rmtree(twin, ignore_errors=True)
    shutil.copytree(folder, twin)
    rewrite(twin, changed(told, where, data.draw(JSON), how))
    for use in (read_all, harvested):
        try:
            use(twin)
        except lm.LaminaeError:
            continue


@pytest.mark.parametrize("seed", range(60))
def test_a_folder_with_a_flipped_bit_is_read_or_refused(folders, tmp_path, seed):
    chance = random.Random(seed)
    folder = folders[seed % 2]
    twin = tmp_path / folder.name
    shutil.copytree(folder, twin)
    file = chance.choice(sorted(twin.iterdir()))
    held = bytearray(file.read_bytes())
    held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
    file.write_bytes(held)
    try:
        read_all(twin)
        found = lm.load(twin).check()
    except lm.LaminaeError:
        return
    assert found or file.name == "manifest.jsonl", "a file with a flipped bit is found by its SHA-256"


def test_json_is_walked_whole(folders):
    told = lines(folders[0])
    assert len(places(told)) > 100
    assert json.loads(json.dumps(changed(told, places(told)[5], None, "another"))) != told

"""The page in the package is the one that web/ builds, its types hold, and so do the tests of its code, on documents made here."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from laminae.base.records import LayerRecord
from laminae.see.document import Document, document
from laminae.see.text import number
from tests.see.records import network, record

WEB = Path(__file__).resolve().parents[2] / "web"
BUILT = WEB.parent / "src/laminae/see/_web"
LIMIT = 150_000
"""Bytes that the page may have, so that a report stays small beside what it shows."""


@pytest.fixture
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no node here: the page is not built again")
    if not (WEB / "node_modules/esbuild").exists():
        pytest.skip("web/node_modules is not here (npm ci in web/ fills it): the page is not built again")
    return found


def run(*command: str, **more: str) -> None:
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, env={**os.environ, **more})
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_is_small() -> None:
    assert sum((BUILT / name).stat().st_size for name in ("page.js", "page.css")) <= LIMIT


def test_the_page_in_the_package_is_what_web_builds(node: str, tmp_path: Path) -> None:
    run(node, "build.mjs", str(tmp_path))
    for name in ("page.js", "page.css"):
        assert (tmp_path / name).read_bytes() == (BUILT / name).read_bytes(), f"{name} is older than web/src: make page"


def test_the_types_of_the_page_hold(node: str) -> None:
    run(node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_the_code_of_the_page_holds_on_documents_and_numbers_made_here(node: str, tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    for name, (records, direction) in documents().items():
        made = document(Document(records, title=name, direction=direction))
        (tmp_path / "documents" / f"{name}.json").write_text(json.dumps(made, allow_nan=False))
    (tmp_path / "numbers.json").write_text(json.dumps(numbers()))
    tests = sorted(str(path) for path in (WEB / "test").glob("*.test.mjs"))
    found = {"LAMINAE_DOCUMENTS": str(tmp_path / "documents"), "LAMINAE_NUMBERS": str(tmp_path / "numbers.json")}
    run(node, "--test", *tests, **found)


def documents() -> dict[str, tuple[list[LayerRecord], str]]:
    found = {f"network-{direction}": (network(3, 12), direction) for direction in ("down", "right")}
    for seed in range(30):
        found[f"scattered-{seed}"] = scattered(seed), "right" if seed % 3 == 2 else "down"
    return found


def scattered(seed: int) -> list[LayerRecord]:
    """Layers under random paths, up to four deep, also where others stand between; each reads some before it."""
    rng = random.Random(seed)
    value = np.zeros((2, 3), np.float32)
    found, path = [record(1, "x", "Input", (), value)], ["a"]
    for i in range(rng.randint(3, 60)):
        if rng.random() < 0.4:
            path = [*path[: rng.randint(0, len(path))], *rng.choices("abc", k=rng.randint(0, 2))][:4]
        reads = {rng.choice(found[-9:]).name for _ in range(rng.randint(1, 3))}
        name = f"layer{i}" * rng.randint(1, 3)
        found.append(record(i + 2, name, "Relu", sorted(reads), value, path="/".join([*path, name])))
    return found


def numbers() -> list[list[Any]]:
    """Value, digits, and how tables print it; the page writes a true minus, and exponents without zeros."""
    rng = np.random.default_rng(0)
    values = [float(v) for v in rng.normal(size=200) * 10.0 ** rng.integers(-12, 12, 200)]
    values += [0.0, 1.0, -1.0, 999_999.0, 1e6, -1e-4, 9.9999e-5, 12345.678, 0.1, 100.0]
    return [[value, digits, _shown(number(value, digits))] for value in values for digits in (3, 4, 6)]


def _shown(text: str) -> str:
    return re.sub(r"e\+?(-?)0*(\d)", r"e\1\2", text).replace("-", "−")

"""Descriptions: the model is the one that Python builds of the same layers; what should not stand there is named with its line."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import yaml
from hypothesis import given

import laminae as lm
from laminae.base.errors import FileError, LaminaeError
from laminae.files.description import reading, tree

CHAIN = """
name: digits
seed: 3
input: {shape: [1, 8, 8], name: image}
layers:
  - Conv: {out_channels: 4, kernel: 3, padding: same, init: kaiming_normal}
  - ReLU
  - MaxPool: 2
  - Flatten
  - {Linear: 10, name: scores}
"""

GRAPH = """
inputs: {ids: {shape: 6, dtype: int64}, x: 8}
layers:
  rows: {Embedding: {num: 9, dim: 8}, reads: ids}
  steps: {LSTM: 8}
  pool: {Mean: 1, reads: steps}
  left: {Linear: {out: 8, bias: false}, reads: pool}
  right: {same: left, reads: x}
  sum: {Add, reads: [left, right]}
  cat: {Concat: 1, reads: [sum, pool]}
outputs: {joined: cat, both: sum}
"""


@pytest.fixture
def write(tmp_path: Path):
    def put(text: str, name: str = "model.yaml") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return put


def test_a_chain_is_the_chain_of_python(write) -> None:
    layers = (
        lm.Input((1, 8, 8), name="image"),
        lm.Conv(4, 3, padding="same", init="kaiming_normal"),
        lm.ReLU(),
        lm.MaxPool(2),
        lm.Flatten(),
        lm.Linear(10, name="scores"),
    )
    expected = lm.Model.chain(*layers, seed=3, name="digits")
    found = lm.open(write(CHAIN))
    assert found.differences(expected) == []
    x = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    assert (found(x) == expected(x)).all()


def test_a_graph_is_the_graph_of_python(write) -> None:
    ids, x = lm.Input(6, "int64", name="ids"), lm.Input(8, name="x")
    steps, _, _ = lm.LSTM(8, name="steps")(lm.Embedding(9, 8, name="rows")(ids))
    pool = lm.Mean(1, name="pool")(steps)
    shared = lm.Linear(8, False, name="left")
    left, right = shared(pool), shared(x)
    both = lm.Add(name="sum")(left, right)
    expected = lm.Model([ids, x], {"joined": lm.Concat(1, name="cat")(both, pool), "both": both}, name="model")
    found = lm.open(write(GRAPH))
    assert found.outputs == ("joined", "both")
    assert [p.size for p in found.parameters.values()] == [p.size for p in expected.parameters.values()]
    given = {"ids": np.arange(12).reshape(2, 6) % 9, "x": np.ones((2, 8), np.float32)}
    assert all((a == b).all() for a, b in zip(found(given), expected(given), strict=True))


def test_json_is_a_description_too(write) -> None:
    said = {"name": "digits", "seed": 3, "input": {"shape": [1, 8, 8], "name": "image"}}
    said["layers"] = [{"Conv": {"out_channels": 4, "kernel": 3, "padding": "same", "init": "kaiming_normal"}}, "ReLU"]
    said["layers"] += [{"MaxPool": 2}, "Flatten", {"Linear": 10, "name": "scores"}]
    for indent in (None, 2, "\t"):
        found = lm.open(write(json.dumps(said, indent=indent), "digits.json"))
        assert found.differences(lm.open(write(CHAIN))) == []


def test_every_layer_of_the_builder_can_be_named() -> None:
    from laminae.api.describing import KINDS

    assert {"Linear", "Conv", "MultiHeadAttention", "LSTM", "Positions", "Mean"} <= KINDS.keys()
    assert not {"Input", "Placed", "BuilderLayer"} & KINDS.keys()


WRONG = {
    "input: 3\nlayers:\n  - ReLU\n  - Lienar: 3\n": ("line 4", "no layer 'Lienar'", "Linear"),
    "input: 3\nlayers:\n  - Linear: {outt: 3}\n": ("line 3", "no argument 'outt'", "did you mean"),
    "input: 3\nlayers:\n  - Linear\n": ("line 3", "Linear needs out"),
    "input: 3\nlayers:\n  - ReLU: 3\n": ("line 3", "ReLU takes no argument"),
    "input: 3\nlayers:\n  - Linear: -1\n": ("line 3", "out=-1"),
    "input: 3\nlayers:\n  - Linear: 4\n  - Conv: {out_channels: 2, kernel: 3}\n": ("line 4", "conv_1", "rank 3 to 5"),
    "input: 3\nlayers:\n  - {ReLU, reads: imput}\n": ("line 3", "no layer 'imput' to read", "input"),
    "input: 3\nlayers:\n  - {ReLU, name: a}\n  - {ReLU, name: a}\n": ("line 4", "two layers 'a'"),
    "input: 3\nlayers:\n  - {same: fc}\n": ("line 3", "'fc'"),
    "input: 3\nlayers:\n  - Linear: {out: 3, name: x}\n": ("line 3", "beside the layer"),
    "input: 3\nlayers:\n  - {Linear: 3, Conv: 4}\n": ("line 3", "Linear, Conv"),
    "input: 3\nlayers:\n  - 3\n": ("line 3", "3 is no layer"),
    "input: 3\nlayers: []\n": ("line 2", "no layers"),
    "input: 3\n": ("line 1", "no layers"),
    "layers: [ReLU]\n": ("`input` or `inputs`",),
    "inputs: {a: 3, b: 4}\nlayers:\n  - ReLU\n": ("line 3", "reads: one of a, b"),
    "input: -3\nlayers: [ReLU]\n": ("line 1", "shape=-3"),
    "input: {shap: 3}\nlayers: [ReLU]\n": ("line 1", "'shap'", "shape"),
    "input: 3\nlayers: [ReLU]\noutputs: [relu_2]\n": ("line 3", "relu_2", "relu_1"),
    "input: 3\nlayers: [ReLU]\nseed: -1\n": ("line 3", "-1 is no seed"),
    "input: 3\nlayers: [ReLU]\ntraining:\n  epoch: 3\n": ("line 4", "'epoch'", "epochs"),
    "input: 3\nlayers: [ReLU]\nlayer: 3\n": ("line 3", "'layer'", "layers"),
    "input: 3\ninput: 4\nlayers: [ReLU]\n": ("line 2", "'input' stands twice", "line 1"),
    "input: 3\nlayers: &a [*a]\n": ("line 2", "anchors"),
    "input: 3\nlayers: [!!python/object/apply:os.system ['true']]\n": ("line 2", "tag"),
    "input: 3\nlayers: [ReLU\n": ("no YAML",),
    "input: 3\nlayers: [ReLU]\n---\na: 3\n": ("second document",),
    "- 3\n": ("line 1", "no mapping"),
    "": ("is empty",),
    "[" * 5000: ("too deep",),
    "a: " + "x" * tree.LARGEST: ("too large",),
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[-24:].strip() or "nothing")
def test_what_should_not_stand_there_is_named_with_its_line(write, text: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(LaminaeError) as refused:
        lm.open(write(text))
    assert time.perf_counter() - begun < 5
    for part in WRONG[text]:
        assert part in str(refused.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no file"):
        lm.open(tmp_path / "none.yaml")
    (tmp_path / "odd.yaml").write_bytes(b"input: 3\nname: \xff\n")
    with pytest.raises(FileError, match="line 2"):
        lm.open(tmp_path / "odd.yaml")


def test_words_are_those_of_yaml_1_2() -> None:
    text = "[1e-3, no, on, 12:30, 0x10, 1_000, .5, -7, true, null, ~, '3', 1.5e3]"
    held = tree.parse(text, "words").plain
    assert held == [0.001, "no", "on", "12:30", "0x10", "1_000", 0.5, -7, True, None, None, "3", 1500.0]


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1, max_size=6), plain, min_size=1, max_size=4), st.sampled_from([None, 1, "\t"]))
def test_json_is_read_as_json_has_it(held: object, indent: object) -> None:
    assert tree.parse(json.dumps(held, indent=indent), "held").plain == held


words = st.text("abcxyz .-_/0123456789", min_size=1, max_size=10)
simple = st.recursive(
    st.booleans() | st.integers(-999, 999) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(words, simple, min_size=1, max_size=4))
def test_what_yaml_itself_writes_is_read_with_its_lines(held: dict) -> None:
    text = yaml.safe_dump(held, sort_keys=False)
    found = tree.parse(text, "held")
    again = yaml.compose(text, Loader=yaml.SafeLoader)
    assert list(found.value) == list(held)
    assert [part.line for part in found.value.values()] == [value.start_mark.line + 1 for _, value in again.value]


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_any_text_is_a_description_or_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(FileError):
        reading.described(text)

"""What the viewer's page asks, answered by traces: runs that go on from one another hold the numbers of plain runs."""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import laminae as lm
import laminae.api.runs as holding
from laminae.api.viewing import Looked, Source
from laminae.base.errors import FileError, InputError, LaminaeError, PatchError, UnknownNameError, UsageError
from laminae.see.viewer.answers import packed
from laminae.trace.change import change

X = np.random.default_rng(0).random((2, 1, 6, 6), np.float32)
ZERO = {"kind": "zero", "layer": "conv", "axis": 1, "index": [1]}
SCALE = {"kind": "scale", "layer": "relu", "value": 0.5}


def network(seed: int = 0) -> lm.Model:
    return lm.Model.chain(
        lm.Input((1, 6, 6), name="image"),
        lm.Conv(4, 3, name="conv"),
        lm.ReLU(name="relu"),
        lm.Flatten(name="flat"),
        lm.Linear(3, name="fc"),
        seed=seed,
        name="small",
    )


@pytest.fixture
def model():
    return network()


@pytest.fixture
def looked(model):
    made = Looked()
    made.show(model.run(X))
    return made


def run(looked: Looked, **words: Any) -> dict[str, Any]:
    return dict(looked.session().run(words))


def output(told: dict[str, Any], name: str | None = None) -> np.ndarray:
    found = told["outputs"][name or next(iter(told["outputs"]))]
    return np.array(found["values"], np.float32).reshape(found["shape"])


# -- what if ---------------------------------------------------------------------------------------------------------------


def test_a_patched_layer_gives_what_a_whole_patched_run_gives_and_runs_only_what_depends(looked, model):
    told = run(looked, patches=[ZERO])
    whole = model.run(X, patch=lm.patch.zero("conv", axis=1, index=[1]))
    np.testing.assert_array_equal(output(told), whole.output.numpy())
    assert told["ran"] == 3
    assert set(told["layers_changed"]) == {"1", "2", "3", "4"}
    assert told["said"] == "resumed: 3 of 4 layers ran"


def test_another_input_gives_what_a_run_of_it_gives(looked, model):
    other = (X + 1).tolist()
    told = run(looked, inputs={"image": {"values": other}})
    np.testing.assert_array_equal(output(told), model(np.float32(other)).numpy())
    assert told["ran"] == 4
    assert set(told["layers_changed"]) == {"0", "1", "2", "3", "4"}


def test_the_change_of_a_layer_is_its_relative_distance_from_the_first_run(looked, model):
    told = run(looked, patches=[ZERO, SCALE])
    first, now = model.run(X), model.run(X, patch=[lm.patch.zero("conv", axis=1, index=[1]), lm.patch.scale("relu", 0.5)])
    for place, name in enumerate(("image", "conv", "relu", "flat", "fc")):
        new, old = now[name].double(), first[name].double()
        expected = float((new - old).norm() / old.norm())
        if expected:
            assert told["layers_changed"][str(place)]["change"] == pytest.approx(expected, rel=1e-9)
        else:
            assert str(place) not in told["layers_changed"]


def test_inputs_are_changes_of_the_base_and_patches_are_the_whole_list(looked, model):
    first = run(looked, inputs={"image": {"set": [[[0, 0, 2, 2], 9.0]]}}, patches=[ZERO])
    second = run(looked, base=first["run"], inputs={"image": {"set": [[[1, 0, 0, 0], -1.5]]}}, patches=[SCALE])
    x = X.copy()
    x[0, 0, 2, 2], x[1, 0, 0, 0] = 9.0, -1.5
    np.testing.assert_array_equal(output(second), model.run(x, patch=lm.patch.scale("relu", 0.5)).output.numpy())


def test_bytes_are_taken_as_they_are(looked, model):
    x = np.random.default_rng(3).random((1, 1, 6, 6), np.float32)
    told = run(
        looked, inputs={"image": {"base64": base64.b64encode(x.tobytes()).decode(), "dtype": "float32", "shape": [1, 1, 6, 6]}}
    )
    np.testing.assert_array_equal(output(told), model(x).numpy())


def test_a_stack_of_patches_goes_on_from_the_longest_part_that_ran(looked):
    one = run(looked, patches=[ZERO])
    two = run(looked, base=one["run"], patches=[ZERO, SCALE])
    assert (one["ran"], two["ran"]) == (3, 2)
    assert two["layers_changed"]["1"] == one["layers_changed"]["1"], "what was changed before stays marked"


def test_undoing_runs_nothing(looked):
    one = run(looked, patches=[ZERO])
    run(looked, base=one["run"], patches=[ZERO, SCALE])
    assert run(looked, patches=[ZERO])["run"] == one["run"]
    assert run(looked)["run"] == 0
    assert run(looked, base=one["run"], inputs={"image": {"values": X.tolist()}})["run"] == 0


def test_statistics_come_of_the_layers_that_are_named(looked):
    told = run(looked, patches=[SCALE], previews=[1, 2])
    assert "statistics" in told["layers_changed"]["2"]
    assert "statistics" not in told["layers_changed"]["3"]
    assert "1" not in told["layers_changed"], "it did not change"
    assert json.dumps(told)


def test_a_parameter_is_patched_too(looked, model):
    told = run(looked, patches=[{"kind": "scale", "layer": "fc.weight", "value": 2.0}])
    np.testing.assert_array_equal(output(told), model.run(X, patch=lm.patch.scale("fc.weight", 2.0)).output.numpy())
    assert told["ran"] == 1


def test_layers_that_draw_draw_the_same_again():
    class Noisy(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.dropout(x, 0.5) * 2

    made = Looked()
    made.show(lm.open(Noisy(), example=torch.ones(4, 50)).run(torch.ones(4, 50)))
    told = run(made, inputs={made.runs.first.trace.layers[0].name: {"set": [[[0, 0], 1.5]]}})
    now = made.runs[told["run"]].trace.output
    moved = (now != made.runs.first.trace.output).sum()
    assert int(moved) <= 1, "the same elements were dropped"


def test_of_several_inputs_those_that_are_not_given_stay():
    x, y = lm.Input(2, name="a"), lm.Input(2, name="b")
    model = lm.Model((x, y), lm.Add(name="sum")(lm.ReLU(name="left")(x), lm.ReLU(name="right")(y)))
    a, b = np.float32([[1, 2]]), np.float32([[3, 4]])
    made = Looked()
    made.show(model.run(a=a, b=b))
    told = run(made, inputs={"b": {"values": [[5, 6]]}})
    np.testing.assert_array_equal(output(told), [[6, 8]])
    assert told["ran"] == 2, "the other branch does not run"
    assert set(told["layers_changed"]) == {
        str(i) for i, e in enumerate(made.runs.first.trace.layers) if e.name in ("b", "right", "sum")
    }


def test_another_number_of_samples_moves_layers_nobody_knows_how_far(looked, model):
    told = run(looked, inputs={"image": {"values": X[:1].tolist()}})
    np.testing.assert_array_equal(output(told), model(X[:1]).numpy())
    assert {moved["change"] for moved in told["layers_changed"].values()} == {None}


def test_nothing_of_the_first_run_is_touched(looked, model):
    before = {entry.name: entry.output.clone() for entry in looked.runs.first.trace.layers}
    run(looked, patches=[ZERO, {"kind": "replace", "layer": "fc", "value": 7.0}], inputs={"image": {"values": (X * 3).tolist()}})
    for entry in looked.runs.first.trace.layers:
        assert torch.equal(entry.output, before[entry.name])
    np.testing.assert_array_equal(output(run(looked)), model(X).numpy())


# -- what is refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"base": 5}, UnknownNameError),
        ({"base": -1}, UsageError),
        ({"base": True}, UsageError),
        ({"base": "0"}, UsageError),
        ({"more": 1}, UsageError),
        ({"patches": {}}, UsageError),
        ({"patches": ["zero"]}, UsageError),
        ({"patches": [{"patch": "zero", "layer": "conv"}]}, UsageError),
        ({"patches": [{"kind": "function", "layer": "conv"}]}, FileError),
        ({"patches": [{"kind": "zero", "layer": "conv", "code": "x"}]}, FileError),
        ({"patches": [{"kind": "zero", "layer": "cnov"}]}, UnknownNameError),
        ({"patches": [{"kind": "zero", "layer": ["conv"]}]}, UsageError),
        ({"patches": [{"kind": "zero", "layer": "conv", "axis": 9, "index": [0]}]}, PatchError),
        ({"patches": [{"kind": "zero", "layer": "conv", "axis": 1, "index": [99]}]}, PatchError),
        ({"patches": [{"kind": "replace", "layer": "conv", "value": {"tensor": "1", "dtype": "float32", "shape": [1]}}]}, FileError),
        ({"patches": [{"kind": "zero", "layer": "conv"}] * 1001}, UsageError),
        ({"previews": list(range(300))}, UsageError),
        ({"previews": ["1"]}, UsageError),
        ({"inputs": [1]}, UsageError),
        ({"inputs": {"nothing": {"values": 1}}}, InputError),
        ({"inputs": {"image": 1}}, UsageError),
        ({"inputs": {"image": {"values": [[1]]}}}, InputError),
        ({"inputs": {"image": {"values": "text"}}}, InputError),
        ({"inputs": {"image": {"values": [[1], [2, 3]]}}}, InputError),
        ({"inputs": {"image": {"base64": "####", "shape": [1]}}}, UsageError),
        ({"inputs": {"image": {"base64": "AAAA", "shape": [1]}}}, UsageError),
        ({"inputs": {"image": {"base64": "AAAA", "shape": [1 << 40, 1 << 40]}}}, UsageError),
        ({"inputs": {"image": {"base64": "AAAA", "shape": [-1]}}}, UsageError),
        ({"inputs": {"image": {"base64": "AAAA", "dtype": "object", "shape": [1]}}}, UsageError),
        ({"inputs": {"image": {"base64": "AAAAAAAA8D8=", "dtype": "float64", "shape": [1, 1, 1, 1]}}}, InputError),
        ({"inputs": {"image": {"set": [[[0, 0, 9, 9], 1]]}}}, UsageError),
        ({"inputs": {"image": {"set": [[[0], 1]]}}}, UsageError),
        ({"inputs": {"image": {"set": [[[0, 0, 0, 0], "1"]]}}}, InputError),
        ({"inputs": {"image": {"set": [[[0, 0, 0, 0.5], 1]]}}}, UsageError),
        ({"inputs": {"image": {"set": 3}}}, UsageError),
        ({"inputs": {"image": {"text": "hello"}}}, UsageError),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_and_leaves_the_runs_as_they_were(looked, words, error):
    with pytest.raises(error):
        run(looked, **words)
    assert run(looked, patches=[ZERO])["run"] == 1


NUMBERS = st.one_of(
    st.integers(-3, 3), st.floats(), st.sampled_from([10**400, -(10**30), 2**63, True, None, "1", "0:2", "::", [], [0], [[1]], {}, {"number": "nan"}])
)  # fmt: skip
PLACE = {"layer": st.sampled_from(["conv", "image", "fc.weight", "*", "**", "op:Relu", "", "[", 1])}
PLACES = {"axis": NUMBERS, "index": NUMBERS} | {"output": NUMBERS} | {"heads": NUMBERS, "of": NUMBERS}
WORDS = st.fixed_dictionaries(
    {},
    optional={
        "base": NUMBERS,
        "previews": st.lists(NUMBERS, max_size=2),
        "inputs": st.dictionaries(
            st.sampled_from(["image", "x", ""]),
            st.one_of(
                NUMBERS,
                st.fixed_dictionaries({"values": NUMBERS}),
                st.fixed_dictionaries({"text": NUMBERS}),
                st.fixed_dictionaries({"set": st.lists(st.tuples(st.lists(NUMBERS, min_size=3, max_size=4), NUMBERS).map(list), max_size=2)}),
                st.fixed_dictionaries({"base64": st.sampled_from(["", "AAAA", "é", 3]), "shape": NUMBERS}, optional={"dtype": st.sampled_from(["float32", "int4", "bool", "x", 1])}),
            ),
            max_size=2,
        ),
        "patches": st.lists(
            st.one_of(
                st.fixed_dictionaries({"kind": st.just("zero"), **PLACE}, optional=PLACES),
                st.fixed_dictionaries({"kind": st.sampled_from(["scale", "add", "replace"]), "value": NUMBERS, **PLACE}, optional=PLACES),
                st.fixed_dictionaries({"kind": st.just("mean"), "over": NUMBERS, **PLACE}),
                st.fixed_dictionaries({"kind": st.just("swap"), "over": NUMBERS, "a": NUMBERS, "b": NUMBERS, **PLACE}),
                st.fixed_dictionaries({"kind": st.just("project"), "directions": NUMBERS, "keep": NUMBERS, **PLACE}),
                st.fixed_dictionaries({"kind": st.sampled_from(["function", "", 1])}, optional={**PLACE, "value": NUMBERS, "more": NUMBERS}),
            ),
            max_size=2,
        ),
    },
)  # fmt: skip


@given(WORDS)
def test_whatever_is_asked_is_run_or_refused(words):
    made = Looked(tokenizer=lambda text: [1])
    made.show(network().run(X))
    try:
        told = run(made, **json.loads(json.dumps(words)))
    except LaminaeError:
        return
    assert packed(told)
    assert torch.equal(made.runs.first.trace.output, network()(X))


def test_a_model_that_was_changed_meanwhile_is_not_gone_on_from(looked, model):
    model["fc"].parameters["fc.weight"].assign(np.ones((3, 64), np.float32))
    with pytest.raises(PatchError, match=r"'fc\.weight' has changed"):
        run(looked, patches=[ZERO])


# -- what is held ------------------------------------------------------------------------------------------------------------


def test_the_last_runs_are_held_and_the_first_one_always(looked):
    numbers = [run(looked, inputs={"image": {"set": [[[0, 0, 0, 0], i + 2.0]]}})["run"] for i in range(40)]
    assert numbers == list(range(1, 41))
    assert len(looked.runs._held) == holding.MOST
    session = looked.session()
    assert session.told(40)["run"] == 40
    assert session.told(0)["run"] == 0
    with pytest.raises(UnknownNameError, match="run 3 is held no longer"):
        session.told(3)
    with pytest.raises(UnknownNameError, match="there is no run 41"):
        session.value(41, 0, 0)


def test_runs_hold_no_more_bytes_than_they_may(looked, monkeypatch):
    monkeypatch.setattr(holding, "LARGEST", 3 * 1500)
    for i in range(10):
        run(looked, inputs={"image": {"set": [[[0, 0, 0, 0], i + 2.0]]}})
    assert sum(one.bytes for one in looked.runs._held.values()) <= 3 * 1500
    assert 10 in looked.runs._held


def test_a_dropped_run_does_not_keep_later_ones_from_going_on(looked, model):
    run(looked, patches=[ZERO])
    for i in range(holding.MOST):
        run(looked, inputs={"image": {"set": [[[0, 0, 0, 0], i + 2.0]]}}, patches=[ZERO])
    told = run(looked, patches=[ZERO, SCALE])
    whole = model.run(X, patch=[lm.patch.zero("conv", axis=1, index=[1]), lm.patch.scale("relu", 0.5)])
    np.testing.assert_array_equal(output(told), whole.output.numpy())


def test_values_and_parameters_are_the_traces_own(looked, model):
    session = looked.session()
    told = run(looked, patches=[ZERO])
    assert torch.equal(session.value(told["run"], 2, 0), model.run(X, patch=lm.patch.zero("conv", axis=1, index=[1]))["relu"])
    assert torch.equal(session.value(0, 2, 0), model.run(X)["relu"])
    np.testing.assert_array_equal(session.parameter("fc.bias"), model.parameters["fc.bias"].numpy())
    with pytest.raises(UnknownNameError):
        session.parameter("nothing")
    with pytest.raises(UnknownNameError):
        session.value(0, 99, 0)
    with pytest.raises(UnknownNameError):
        session.value(0, 2, 1)


def test_a_value_that_was_not_stored_is_made_again_when_it_is_looked_at(model):
    made = Looked()
    made.show(model.run(X, store=["relu"]))
    session = made.session()
    whole = model.run(X)
    for place, name in enumerate(("image", "conv", "relu", "flat", "fc")):
        assert torch.equal(torch.as_tensor(session.value(0, place, 0)), whole[name])
    told = run(made, patches=[ZERO])
    assert torch.equal(session.value(told["run"], 1, 0), model.run(X, patch=lm.patch.zero("conv", axis=1, index=[1]))["conv"])
    assert told["layers_changed"]["1"] == {"change": None}, "it changed, and nobody knows by how much"


def test_a_loop_may_turn_another_number_of_times():
    from tests.trace.test_bodies import LOOP, opened

    model, _ = opened(LOOP)
    made = Looked()
    made.show(model.run(x=np.float32([1, 2]), n=np.array(3)))
    places = {entry.name: place for place, entry in made.runs.first.entries.items()}
    told = run(made, inputs={"n": {"values": 2}})
    assert torch.equal(made.session().value(told["run"], places["total"], 0), torch.tensor([2.0, 4.0]))
    assert torch.equal(made.session().value(told["run"], places["total/body/s2#2"], 0), torch.tensor([2.0, 4.0]))
    with pytest.raises(UnknownNameError, match="did not run in run 1"):
        made.session().value(told["run"], places["total/body/s2#3"], 0)
    assert str(places["total/body/s2#2"]) not in told["layers_changed"]


# -- Python ------------------------------------------------------------------------------------------------------------------


def executed(text: str, capsys: pytest.CaptureFixture[str], **known: Any) -> dict[str, Any]:
    held = dict(known)
    exec(text, held)
    capsys.readouterr()
    return held


def test_the_python_of_a_run_does_the_same(looked, model, capsys):
    told = run(looked, inputs={"image": {"set": [[[0, 0, 2, 2], 9.5]]}}, patches=[ZERO, SCALE])
    text = looked.session().python(told["run"])
    held = executed(text, capsys, model=model)
    np.testing.assert_array_equal(held["trace"].output.numpy(), output(told))
    assert "lm.patch.zero('conv', axis=1, index=[1])" in text


def test_the_python_of_a_file_needs_nothing_else(model, tmp_path, capsys):
    model.save(tmp_path / "small.onnx")
    np.save(tmp_path / "x.npy", X)
    opened = lm.open(tmp_path / "small.onnx")
    made = Looked()
    made.show(
        opened.run(X),
        source=Source(f"lm.open({str(tmp_path / 'small.onnx')!r})", {"image": f"np.load({str(tmp_path / 'x.npy')!r})"}),
    )
    for words in (
        {},
        {"patches": [ZERO]},
        {"inputs": {"image": {"set": [[[0, 0, 0, 0], 2.0]]}}},
        {"inputs": {"image": {"values": (X + 1).tolist()}}},
    ):
        told = run(made, **words)
        text = made.session().python(told["run"])
        np.testing.assert_array_equal(executed(text, capsys)["trace"].output.numpy(), output(told))
    assert "np.load" in made.session().python(0)
    assert "x['image'].reshape(-1)[[0]] = np.array([2.0], dtype='float32')" in made.session().python(2)


@pytest.mark.parametrize(
    "patch",
    [
        lm.patch.scale("conv", float("nan")),
        lm.patch.replace("relu", float("-inf"), axis=0, index=slice(0, 1)),
        lm.patch.replace("fc", np.float32([[1, 2, 3], [np.nan, np.inf, 0.1]])),
        lm.patch.add("fc", torch.tensor([0.1, 0.2, 0.3])),
        lm.patch.mean("relu", over=(0, 1)),
        lm.patch.swap("relu", 0, 1),
        lm.patch.swap("relu", [0, 1], [2, 3], over=1),
        lm.patch.project("fc", [[1.0, 0, 0], [0, 1, 0]], keep=True),
        lm.patch.zero("op:Relu", axis=-1, index=(0, 2)),
        lm.patch.replace("fc", np.arange(6000, dtype=np.float32).reshape(2000, 3)),
    ],
    ids=lambda patch: patch.kind,
)  # fmt: skip
def test_every_patch_of_the_trace_is_written_bit_for_bit(model, patch, capsys):
    made = Looked()
    made.show(model.run(X, patch=patch))
    held = executed(made.session().python(0), capsys, model=model)
    assert held["patches"] == [patch]
    assert torch.equal(held["trace"].output.nan_to_num(1), model.run(X, patch=patch).output.nan_to_num(1))


def test_a_function_in_a_patch_is_refused_in_python_and_runs_all_the_same(model):
    made = Looked()
    made.show(model.run(X, patch=lm.patch.function("relu", lambda x: x * 2)))
    with pytest.raises(UsageError, match="a function is code"):
        made.session().python(0)
    assert run(made, patches=[SCALE])["run"] == 1


def test_the_python_of_another_engine_runs_with_it(model, capsys):
    pytest.importorskip("onnxruntime")
    made = Looked()
    made.show(model.run(X, engine="onnxruntime"))
    told = run(made, patches=[ZERO])
    held = executed(made.session().python(told["run"]), capsys, model=model)
    np.testing.assert_array_equal(held["trace"].output.numpy(), output(told))
    assert "engine='onnxruntime'" in made.session().python(0)


def test_heads_are_patched(capsys):
    class Attending(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attend = torch.nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x):
            return self.attend(x, x, x, need_weights=False)[0]

    x = torch.randn(1, 4, 8, generator=torch.Generator().manual_seed(0))
    model = lm.open(Attending().eval(), example=x)
    made = Looked()
    made.show(model.run(x))
    name = next(entry.name for entry in made.runs.first.trace.layers if "attention" in entry.name)
    told = run(made, patches=[{"kind": "zero", "layer": name, "heads": [1]}])
    np.testing.assert_array_equal(output(told), model.run(x, patch=lm.patch.zero(name, heads=[1])).output.detach().numpy())
    held = executed(made.session().python(told["run"]), capsys, model=model)
    np.testing.assert_array_equal(held["trace"].output.detach().numpy(), output(told))


def test_names_that_are_code_stay_names(capsys, tmp_path):
    evil = "'); import os; os.abort(); ('"
    model = lm.Model.chain(lm.Input(2, name=evil), lm.ReLU(name=evil + "2"))
    made = Looked()
    made.show(model.run(np.float32([[1, 2]])))
    told = run(made, patches=[{"kind": "scale", "layer": evil + "2", "value": 2}])
    held = executed(made.session().python(told["run"]), capsys, model=model)
    np.testing.assert_array_equal(held["trace"].output.numpy(), [[2, 4]])


def test_inputs_of_other_dtypes_are_written_bit_for_bit(capsys):
    module = torch.nn.Embedding(10, 2)
    model = lm.open(module, example=torch.tensor([[1, 2, 3]]))
    made = Looked()
    made.show(model.run(torch.tensor([[1, 2, 3]])))
    told = run(made, inputs={"input": {"values": [[4, 5, 6]]}})
    held = executed(made.session().python(told["run"]), capsys, model=model)
    assert torch.equal(held["trace"].output, module(torch.tensor([[4, 5, 6]])))


# -- text ------------------------------------------------------------------------------------------------------------------


def reader() -> lm.Model:
    ids, mask = (
        lm.Input(("length",), dtype="int64", name="input_ids"),
        lm.Input(("length",), dtype="int64", name="attention_mask"),
    )
    return lm.Model((ids, mask), lm.Add(name="sum")(ids, mask), name="reader")


def test_a_text_becomes_ids_and_the_mask_grows_with_it():
    made = Looked(tokenizer=lambda text: [ord(letter) for letter in text])
    made.show(reader().run(input_ids=np.int64([[1, 2]]), attention_mask=np.int64([[1, 1]])))
    assert made.session().state().text
    told = run(made, inputs={"input_ids": {"text": "abc"}})
    np.testing.assert_array_equal(output(told), [[98, 99, 100]])


def test_what_a_tokenizer_can_be(tmp_path):
    from laminae.data.tokenizer import tokenizer

    class Encoding:
        ids = (1, 2)

    class Old:
        def encode(self, text):
            return Encoding()

    assert tokenizer(Old())("x") == [1, 2]
    assert tokenizer(lambda text: {"input_ids": np.array([3])})("x") == [3]
    for odd in (3, None):
        with pytest.raises(UsageError):
            tokenizer(odd)
    with pytest.raises(UsageError, match="gives no ids"):
        tokenizer(lambda text: ["a"])("x")
    for name, content in (
        ("a.json", "{"),
        ("b.json", "[]"),
        ("c.json", '{"laminae": "data", "data": {"kind": "table"}}'),
        ("d.json", '{"model": 1}'),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(FileError):
            tokenizer(tmp_path / name)
    with pytest.raises(FileError):
        tokenizer(tmp_path / "nothing.json")


def test_a_tokenizers_file_is_read(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    from laminae.data.tokenizer import tokenizer

    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0, "good": 1, "day": 2}, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    assert tokenizer(tmp_path / "tokenizer.json")("good day sir") == [1, 2, 0]


def test_the_record_of_a_model_that_learned_texts_is_a_tokenizer(tmp_path):
    from laminae.data.texts import Text
    from laminae.data.tokenizer import tokenizer

    text = Text("review", length=4).fitted(["good film", "good day"])
    (tmp_path / "data.json").write_text(
        json.dumps({"laminae": "data", "format": 1, "data": {"kind": "text", "text": text.to_json()}})
    )
    assert tokenizer(str(tmp_path / "data.json"))("good day") == text.ids("good day").tolist()


# -- beside another ----------------------------------------------------------------------------------------------------------


def test_another_model_is_run_1(model):
    other = network(seed=1)
    made = Looked()
    made.show(model.run(X), beside=other)
    assert made.session().state().beside == 1
    told = made.session().told(1)
    assert set(told["layers_changed"]) == {"1", "2", "3", "4"}
    assert torch.equal(made.session().value(1, 1, 0), other.run(X)["conv"])
    assert run(made, patches=[ZERO])["run"] == 2
    with pytest.raises(UsageError, match="compared with"):
        made.session().python(1)
    for i in range(40):
        run(made, inputs={"image": {"set": [[[0, 0, 0, 0], i + 2.0]]}})
    assert made.session().told(1)["run"] == 1, "it is held as the first is"


def test_another_input_is_run_1(model):
    made = Looked()
    made.show(model.run(X), beside=model.run(X + 1))
    assert torch.equal(made.session().value(1, 2, 0), model.run(X + 1)["relu"])
    assert len(made.session().told(1)["layers_changed"]) == 5


# -- how far a layer moved -----------------------------------------------------------------------------------------------------


def test_the_change_of_values_is_numpys():
    rng = np.random.default_rng(0)
    for dtype in (torch.float32, torch.float64, torch.int64, torch.bfloat16, torch.uint8, torch.bool, torch.complex64):
        a, b = (torch.from_numpy(rng.random(1000) * 9).to(dtype) for _ in range(2))
        wide = [x.to(torch.complex128 if dtype.is_complex else torch.float64).numpy() for x in (a, b)]
        assert change((a,), (b,)) == pytest.approx(np.linalg.norm(wide[0] - wide[1]) / np.linalg.norm(wide[1]))


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ([1.0, 2], [1.0, 2], 0.0),
        ([0.0], [0.0], 0.0),
        ([1.0], [0.0], float("inf")),
        ([float("nan"), 1], [float("nan"), 1], 0.0),
        ([float("nan"), 1], [1.0, 1], float("inf")),
        ([float("inf"), 2], [float("inf"), 1], 1.0),
        ([float("inf")], [-float("inf")], float("inf")),
        ([1.0], [1.0, 2], None),
        ([], [], 0.0),
    ],
)
def test_what_is_not_finite_has_moved_or_not(new, old, expected):
    assert change((torch.tensor(new),), (torch.tensor(old),)) == expected


def test_texts_and_sequences_have_no_distance():
    assert change(([torch.ones(1)],), ([torch.ones(1)],)) is None
    assert change((torch.ones(1),), (torch.ones(1), torch.ones(1))) is None


# -- the whole of it ---------------------------------------------------------------------------------------------------------


class Browser:
    """As a browser does: follows, keeps the cookie, says from where it asks."""

    def __init__(self, viewer) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
        )
        self._base = f"http://127.0.0.1:{viewer.port}"
        assert self._opener.open(viewer.url).status == 200

    def get(self, path: str):
        return self._opener.open(self._base + path)

    def post(self, words: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"{self._base}/api/run", json.dumps(words).encode(), {"Origin": self._base})
        with self._opener.open(request) as answer:
            return json.load(answer)


def test_a_trace_is_viewed(model):
    with model.run(X).view() as viewer:
        browser = Browser(viewer)
        told = browser.post({"patches": [ZERO]})
        np.testing.assert_array_equal(output(told), model.run(X, patch=lm.patch.zero("conv", axis=1, index=[1])).output.numpy())
        answer = browser.get(f"/api/runs/{told['run']}/value?layer=1&at=0,:,:,:")
        found = np.frombuffer(answer.read(), np.float32).reshape(4, 4, 4)
        np.testing.assert_array_equal(found[1], np.zeros((4, 4)))
        with pytest.raises(urllib.error.HTTPError) as error:
            browser.post({"inputs": {"image": {"values": [[1, 2]]}}})
        assert error.value.code == 400
        assert json.load(error.value)["error"] == "input 'image' has another rank"


def test_a_model_is_viewed_with_what_run_takes(model):
    with model.view(X, patch=lm.patch.scale("relu", 2)) as viewer:
        assert Browser(viewer).get("/api/runs/0/python").read().decode().count("lm.patch.scale('relu', 2)") == 1


def test_two_views_of_one_model_run_at_once(model):
    with model.view(X) as one, model.view(X + 1) as other:
        browsers = [Browser(one), Browser(other)]
        found: dict[int, list[Any]] = {0: [], 1: []}

        def ask(number: int) -> None:
            for i in range(10):
                found[number].append(output(browsers[number].post({"patches": [{**SCALE, "value": i + 2}]})))

        threads = [threading.Thread(target=ask, args=(number,)) for number in found]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for number, x in enumerate((X, X + 1)):
        for i, held in enumerate(found[number]):
            np.testing.assert_array_equal(held, model.run(x, patch=lm.patch.scale("relu", i + 2)).output.numpy())


def test_what_fails_is_told_to_who_waits():
    made = Looked("small.onnx")
    made.say("opening small.onnx")
    assert made.session().state().said == "opening small.onnx"
    assert not made.failure_told
    made.fail(LaminaeError("no such file", {"because": "x"}))
    assert "no such file" in (made.session().state().error or "")
    assert made.failure_told


def test_the_document_and_previews_are_those_of_the_page(looked):
    told = looked.session().document()
    assert [layer["name"] for layer in told["layers"]] == ["image", "conv", "relu", "flat", "fc"]
    assert told["live"] is True
    assert json.dumps(told, allow_nan=False)
    layer = looked.session().layer(0, 1)["outputs"][0]
    assert layer["statistics"]["mean"] == pytest.approx(float(looked.runs.first.trace["conv"].mean()))
    assert sum(layer["histogram"]["counts"]) == looked.runs.first.trace["conv"].numel()
    assert set(looked.session().previews(0, [0, 2, 4])) == {"0", "2", "4"}


def test_drawings_are_those_of_the_trace(looked):
    assert looked.session().drawing(0, "svg").startswith(b"<svg")


def test_what_the_ids_stand_for_is_told_where_the_tokenizer_knows() -> None:
    class Letters:
        def encode(self, text: str) -> list[int]:
            return [ord(letter) - 96 for letter in text]

        def decode(self, ids: list[int]) -> str:
            return chr(ids[0] + 96)

    ids = lm.Input(4, dtype="int64", name="ids")
    model = lm.Model(ids, lm.Embedding(30, 3, name="table")(ids), seed=0)
    looked = Looked("m", Letters())
    looked.show(model.run(np.array([[3, 1, 20, 0]])))
    session = looked.session()
    assert session.told(0)["tokens"] == ["c", "a", "t", "`"]
    assert session.run({"inputs": {"ids": {"text": "dogs"}}})["tokens"] == ["d", "o", "g", "s"]
    alone = Looked("m", lambda text: [1, 2, 3, 4])
    alone.show(model.run(np.array([[3, 1, 20, 0]])))
    assert alone.session().told(0)["tokens"] is None

"""Edits: done whole or refused whole, and the edited model computes what it says."""

import contextlib
import copy

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import laminae as lm
from laminae.graph.equality import differences
from laminae.graph.lint import lint
from tests.graphs import graphs, inputs, seeds

X = np.array([[1.0, -2.0, 3.0]], np.float32)


def model():
    return lm.Model.chain(
        lm.Input(3, name="x"), lm.Linear(4, name="a"), lm.ReLU(name="r"), lm.Linear(2, name="b"), lm.Softmax(name="s"), seed=1
    )


def snapshot(m):
    return lm.Model(graph=copy.deepcopy(m.graph))


def test_insert_after_reroutes_all_readers():
    m = model()
    before = m.run(X)
    m.insert(lm.Tanh(name="t"), after="a")
    trace = m.run(X)
    assert [e.name for e in trace.layers] == ["x", "a", "t", "r", "b", "s"]
    assert torch.equal(trace["t"], torch.tanh(before["a"]))
    assert torch.equal(trace["r"], torch.relu(trace["t"]))


def test_insert_before_reroutes_only_that_layer():
    x = lm.Input(3, name="x")
    h = lm.ReLU(name="h")(x)
    m = lm.Model(x, lm.Add(name="sum")(lm.Tanh(name="t")(h), h))
    m.insert(lm.Sigmoid(name="g"), before="t")
    trace = m.run(X)
    assert torch.equal(trace["t"], torch.tanh(torch.sigmoid(trace["h"])))
    assert torch.equal(trace["sum"], trace["t"] + trace["h"])


def test_insert_after_the_output_layer_moves_the_output():
    m = model()
    m.insert(lm.Linear(5, name="more"), after="s")
    assert m.output_layers[0].name == "more"
    assert m(X).shape == (1, 5)


def test_replace_keeps_the_name_and_drops_the_old_weights():
    m = model()
    m.replace("b", lm.Linear(6))
    assert m["b"].parameters["b.weight"].shape == (6, 4)
    assert sorted(m.parameters) == ["a.bias", "a.weight", "b.bias", "b.weight"]
    assert m(X).shape == (1, 6)


def test_replace_computes_the_new_layer():
    m = model()
    before = m.run(X)
    m.replace("r", lm.Tanh())
    assert m["r"].operator == "Tanh"
    assert torch.equal(m.run(X)["r"], torch.tanh(before["a"]))


def test_remove_lets_readers_read_what_it_read():
    m = model()
    before = m.run(X)
    m.remove("r")
    assert [layer.name for layer in m.layers] == ["x", "a", "b", "s"]
    assert torch.equal(m.run(X)["a"], before["a"])


def test_a_renamed_layer_keeps_its_parameters_and_what_it_computes(tmp_path):
    m = model()
    y, part = m(X), m["a":"r"]
    m.rename("a", "first")
    assert set(m["first"].parameters) == {"a.weight", "a.bias"}
    assert torch.equal(m(X), y)
    part.save(tmp_path / "part.onnx")


def test_a_builder_layer_of_several_operators_is_edited_and_called_by_its_name():
    rows = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    m = lm.Model.chain(lm.Input((5, 3), name="x"), lm.Linear(4, name="fc"), lm.ReLU(name="r"))
    before = m.run(rows)
    assert torch.equal(m["fc"](rows), before["fc"])
    assert torch.equal(m["fc":"r"](rows), before["r"])
    assert set(m["fc"].parameters) == {"fc.weight", "fc.bias"}
    m.insert(lm.Tanh(name="t"), after="fc")
    assert torch.equal(m.run(rows)["r"], torch.relu(torch.tanh(before["fc"])))
    m.insert(lm.Sigmoid(name="s"), before="fc")
    m.remove("s")
    m.replace("fc", lm.Linear(7))
    assert m(rows).shape == (2, 5, 7)
    assert m["fc"].parameters["fc.weight"].shape == (7, 3)
    m.remove("fc")
    assert torch.equal(m(rows), torch.relu(torch.tanh(torch.from_numpy(rows))))


def test_extract_shares_the_parameters():
    m = model()
    part = m.extract("a", "r")
    m["a"].parameters["a.weight"].tensor().zero_()
    assert torch.equal(part(X), torch.relu(m["a"].parameters["a.bias"].tensor())[None])


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m.replace("r", lm.Linear(7)),
        lambda m: m.insert(lm.Linear(9), after="r"),
        lambda m: m.insert(lm.ReLU(name="a"), after="r"),
        lambda m: m.remove("x"),
        lambda m: m.remove("nothing"),
        lambda m: m.rename("a", "b"),
        lambda m: m.rename("a", ""),
        lambda m: m.replace("x", lm.ReLU()),
        lambda m: m.insert(lm.ReLU()),
        lambda m: m.insert(lm.Conv(3, 3), after="r"),
        lambda m: m.remove("a"),
        lambda m: m.extract("s", "a"),
        lambda m: m.insert(lm.ReLU, after="a"),
    ],
)
def test_a_refused_edit_leaves_the_model_as_it_was(edit):
    m = model()
    twin, y = snapshot(m), m(X)
    with pytest.raises(lm.LaminaeError):
        edit(m)
    assert differences(m.graph, twin.graph) == []
    assert torch.equal(m(X), y)


@settings(max_examples=60, deadline=None)
@given(graphs(max_layers=8), seeds, st.data())
def test_any_edit_is_done_whole_or_refused_whole(graph, seed, data):
    m, x = lm.Model(graph=graph), inputs(graph, seed)
    for _ in range(3):
        twin = snapshot(m)
        name = data.draw(st.sampled_from([layer.name for layer in m.layers]))
        new = data.draw(st.sampled_from([lm.ReLU(), lm.Linear(4), lm.Linear(3), lm.Reshape((2, 2)), lm.Softmax(name="L0")]))
        edit = data.draw(
            st.sampled_from(
                [
                    lambda m, n=name, new=new: m.insert(new, after=n),
                    lambda m, n=name, new=new: m.insert(new, before=n),
                    lambda m, n=name, new=new: m.replace(n, new),
                    lambda m, n=name: m.remove(n),
                    lambda m, n=name: m.rename(n, n + "_"),
                ]
            )
        )
        try:
            edit(m)
        except lm.LaminaeError:
            assert differences(m.graph, twin.graph) == []
        else:
            assert lint(m.graph) == []
            assert [p for p in m.check() if p.severity == "error"] == []
        with contextlib.suppress(lm.ShapeError):  # rules cannot tell `batch` from 4 before the run
            m(**{v.name: x[0] for v in m.graph.inputs})


def test_an_edited_model_saves_as_sound_onnx(tmp_path):
    m = model()
    m.insert(lm.GELU(), after="a")
    m.replace("s", lm.Sigmoid())
    m.save(tmp_path / "m.onnx")
    onnx.checker.check_model(tmp_path / "m.onnx", full_check=True)
    assert torch.equal(lm.open(tmp_path / "m.onnx")(X), m(X))

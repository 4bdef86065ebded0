"""Patches and resuming with engine="onnxruntime" give what engine="torch" gives."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import laminae as lm
from laminae.api.model import Model
from tests.graphs import graphs, inputs, seeds
from tests.shared import model_file, model_input

ORT = {"engine": "onnxruntime"}


def close(a, b):
    return all(
        x.shape == y.shape and torch.allclose(x.double(), y.double(), rtol=1e-3, atol=1e-4)
        for x, y in zip(a.outputs.values(), b.outputs.values(), strict=True)
    )


@settings(max_examples=40)
@given(graph=graphs(), seed=seeds, data=st.data())
def test_patches_of_any_layers_give_what_engine_torch_gives_at_once_and_resumed(graph, seed, data):
    model, x = Model(graph=graph), inputs(graph, seed)
    layers = [layer for layer in graph.layers if layer.operator not in ("Constant", "If") or layer.outputs[0].dtype != "bool"]
    layers = [layer for layer in layers if not layer.name.endswith("/condition")]
    chosen = data.draw(st.lists(st.sampled_from(layers), min_size=1, max_size=3, unique=True))
    kinds = [lm.patch.scale(x.name, 0.5) if i % 2 else lm.patch.add(x.name, 1.0) for i, x in enumerate(chosen)]
    expected = model.run(*x, patch=kinds)
    assert close(expected, model.run(*x, patch=kinds, **ORT))
    store = data.draw(st.sampled_from([True, False, [chosen[0].name]]))
    assert close(expected, model.run(*x, store=store, **ORT).resume(kinds))


def test_every_value_after_a_patch_is_the_patched_runs():
    model, x = lm.open(model_file("ultraface-slim-320")), model_input("ultraface-slim-320")
    patches = [lm.patch.zero(model.layers[40].name, axis=1, index=[0, 1]), lm.patch.scale(model.layers[90].name, 2.0)]
    mine, theirs = model.run(x, patch=patches), model.run(x, **ORT).resume(patches[0]).resume(patches[1])
    for name, value in mine.values.items():
        assert torch.allclose(value.double(), theirs.values[name].double(), rtol=1e-3, atol=1e-3), name
    assert [e.state for e in theirs.layers].count("patched") >= 1


def test_only_what_depends_on_a_patch_runs_again():
    model, x = lm.open(model_file("mnist")), model_input("mnist")
    trace = model.run(x, **ORT)
    last = trace.layers[-2].name
    resumed = trace.resume(lm.patch.scale(last, 2.0))
    assert "1 of 12 layers ran" in str(resumed.table())
    assert resumed[trace.layers[3].name] is trace[trace.layers[3].name]


def test_a_value_that_is_put_in_place_needs_no_layer_before_it():
    model = lm.Model.chain(lm.Input(3), lm.Linear(3, name="a"), lm.Linear(2, name="b"), seed=0)
    value = torch.ones(1, 3)
    expected = model["b"](value)
    assert torch.allclose(model.run([[1, 2, 3]], patch={"a": value}, **ORT).output, expected)
    assert torch.allclose(model.run([[1, 2, 3]], **ORT).resume({"a": value}).output, expected)


def test_a_patched_input_and_a_patched_parameter():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(400, name="a"), seed=0)
    for patch in (lm.patch.scale("x", 2.0), lm.patch.scale("a.weight", 0.5), lm.patch.zero("a.bias")):
        mine = model.run([[1, 2, 3]], patch=patch)
        assert close(mine, model.run([[1, 2, 3]], patch=patch, **ORT))
        assert close(mine, model.run([[1, 2, 3]], **ORT).resume(patch))
    assert close(model.run([[1, 2, 3]]), model.run([[1, 2, 3]], **ORT))


def test_patching_with_its_own_value_gives_the_same_trace():
    model, x = lm.open(model_file("magika-fast-v2_1")), model_input("magika-fast-v2_1")
    trace = model.run(x, **ORT)
    for entry in trace.layers[5::12]:
        resumed = trace.resume({entry.name: entry.output})
        assert close(trace, resumed)


def test_resuming_after_a_weight_has_changed_is_refused():
    model = lm.Model.chain(lm.Input(3), lm.Linear(2, name="a"))
    trace = model.run([[1, 2, 3]], **ORT)
    model["a"].parameters["a.weight"].assign(np.zeros((2, 3), np.float32))
    with pytest.raises(lm.PatchError, match=r"a\.weight"):
        trace.resume(lm.patch.zero("a"))


def test_the_sessions_of_a_stretch_serve_every_patch_of_it():
    model = lm.Model.chain(lm.Input(3), lm.Linear(4, name="a"), lm.Linear(2, name="b"), seed=0)
    trace = model.run([[1, 2, 3]], **ORT)
    sessions = model._session.engine_named("onnxruntime")._sessions
    trace.resume(lm.patch.scale("a", 2.0))
    count = len(sessions)
    for i in range(5):
        trace.resume(lm.patch.zero("a", axis=1, index=[i % 4]))
    assert len(sessions) == count


def test_a_sweep_goes_on_from_its_trace_one_by_one():
    model = lm.Model.chain(lm.Input(3), lm.Linear(4, name="a"), lm.Linear(2, name="b"), seed=0)
    ways = [lm.patch.zero("a", axis=1, index=[i]) for i in range(4)]
    mine, theirs = model.run([[1, 2, 3]]).sweep(ways), model.run([[1, 2, 3]], **ORT).sweep(ways)
    for name, value in mine.outputs.items():
        assert torch.allclose(value, theirs.outputs[name], atol=1e-6)
    assert "onnxruntime" in theirs.how

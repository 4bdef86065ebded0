"""Weights made ready before the run never outlive the parameters that they were made of."""

import numpy as np
import onnx
import pytest
import torch

import laminae as lm
from laminae.base.settings import settings
from laminae.plan.policy import NONE

rng = np.random.default_rng(0)
X = rng.standard_normal((5, 2, 3)).astype(np.float32)
WEIGHTS = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in (("W", (1, 16, 3)), ("R", (1, 16, 4)))}


def opened(operator, inputs, parameters, **attributes):
    """A model of one layer: its inputs by name, then its parameters."""
    return whole(onnx.helper.make_node(operator, [*inputs, *parameters], ["y"], **attributes), inputs, parameters)


def whole(node, inputs, parameters):
    helper = onnx.helper
    given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape) for name, x in inputs.items()]
    weights = [onnx.numpy_helper.from_array(x, name) for name, x in parameters.items()]
    graph = helper.make_graph([node], "one", given, [helper.make_empty_tensor_value_info("y")], weights)
    opsets = [helper.make_opsetid("", 22), helper.make_opsetid("com.microsoft", 1)]
    return lm.open(helper.make_model(graph, opset_imports=opsets, ir_version=10))


def lstm():
    return opened("LSTM", {"X": X}, WEIGHTS, hidden_size=4)


def expected(model):
    """What the layer gives with its weights as inputs: none of them is known before the run."""
    weights = {name: p.tensor().detach().numpy().copy() for name, p in model.parameters.items()}
    return opened("LSTM", {"X": X, **weights}, {}, hidden_size=4)(X, *weights.values())


def same(a, b):
    return torch.equal(a.view(torch.int32), b.view(torch.int32))


def is_ready(model):
    engine = model._session.engine
    return bool(engine.program(model.graph, NONE, engine.home)._watched)


def test_the_bits_are_those_of_weights_that_come_with_the_run():
    model = lstm()
    assert same(model(X), expected(model))
    assert is_ready(model)
    assert same(model.run(X).output, model(X))


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize(("operator", "gates", "more"), [("LSTM", 4, {}), ("GRU", 3, {"linear_before_reset": 1}), ("RNN", 1, {})])
def test_every_recurrent_kernel_gives_the_bits_of_the_operator(operator, gates, more, layout, direction):
    count, states = 1 + (direction == "bidirectional"), 1 + (operator == "LSTM")
    weights = {
        name: rng.standard_normal((count, *shape)).astype(np.float32)
        for name, shape in (("W", (gates * 4, 3)), ("R", (gates * 4, 4)), ("B", (2 * gates * 4,)))
    }
    start = rng.standard_normal((5, count, 4) if layout else (count, 2, 4)).astype(np.float32)
    attributes = {"hidden_size": 4, "direction": direction, "layout": layout, **more}
    model = opened(operator, {"X": X}, weights, **attributes)
    assert same(model(X), opened(operator, {"X": X, **weights}, {}, **attributes)(X, *weights.values()))
    assert is_ready(model)
    begun = {**weights, "": np.zeros(0, np.float32), **{f"s{i}": start for i in range(states)}}
    names = [name for name in begun if name]
    node = onnx.helper.make_node(operator, ["X", *begun], ["y"], **attributes)
    made = []
    for parameters in (("W", "R", "B"), ()):
        given = {"X": X, **{name: begun[name] for name in names if name not in parameters}}
        model = whole(node, given, {name: begun[name] for name in parameters})
        made.append(model(given))
    assert same(*made)


def test_unpacked_weights_give_the_bits_of_packed_ones():
    A, B = rng.standard_normal((3, 40)).astype(np.float32), rng.integers(0, 256, (6, 2, 16)).astype(np.uint8)
    scales, attributes = rng.random((6, 2)).astype(np.float32), {"K": 40, "N": 6, "block_size": 32, "domain": "com.microsoft"}
    model = opened("MatMulNBits", {"A": A}, {"B": B, "scales": scales}, **attributes)
    assert same(model(A), opened("MatMulNBits", {"A": A, "B": B, "scales": scales}, {}, **attributes)(A, B, scales))
    assert is_ready(model)


def assigned(model):
    model.parameters["W"].assign(WEIGHTS["W"] * 2)


def in_place(model):
    with torch.no_grad():
        model.parameters["R"].tensor().mul_(0.5)


def through_numpy(model):
    model.parameters["R"].numpy()[...] = 0.25


def through_an_array(model):
    np.asarray(model.parameters["W"])[...] = 0.25


@pytest.mark.parametrize("change", [assigned, in_place, through_numpy, through_an_array])
def test_changed_weights_are_what_the_next_run_uses(change):
    model = lstm()
    before = model(X)
    change(model)
    after = model(X)
    assert not torch.equal(after, before)
    assert same(after, expected(model))
    assert same(model.run(X).output, after)


def test_an_array_handed_out_may_be_written_at_any_time():
    model = lstm()
    array = model.parameters["R"].numpy()
    model(X)
    array[...] = 0.25
    assert same(model(X), expected(model))


@pytest.mark.parametrize("fused", [False, True])
def test_an_optimizer_is_seen_also_one_that_does_not_count_its_changes(fused):
    model = lstm()
    before = model(X)
    weight = model.parameters["W"].tensor().requires_grad_()
    assert same(model(X), before)
    assert not is_ready(model)
    weight.grad = torch.ones_like(weight)
    torch.optim.Adam([weight], lr=0.1, fused=fused).step()
    after = model(X)
    assert not torch.equal(after, before)
    assert same(after, expected(model))


def test_derivatives_reach_weights_that_learn():
    model = lstm()
    model(X)
    weight = model.parameters["W"].tensor().requires_grad_()
    engine = model._session.engine
    with torch.enable_grad():
        (y,) = engine.program(model.graph, NONE, engine.home).call([torch.from_numpy(X)])
        y.sum().backward()
    assert weight.grad.abs().sum() > 0


def test_other_axes_in_the_parameter_other_axes_in_the_run():
    model = opened("ReduceSum", {"data": X}, {"axes": np.array([0])})
    assert model(X).shape == (1, 2, 3)
    model.parameters["axes"].assign(np.array([2]))
    assert model(X).shape == (5, 2, 1)


def test_what_is_wrong_with_a_parameter_is_said_at_its_layer():
    model = opened("Squeeze", {"data": X}, {"axes": np.array([1])})
    with pytest.raises(lm.LaminaeError, match="axis 1 cannot be squeezed"):
        model(X)
    model.parameters["axes"].assign(np.array([7]))
    with pytest.raises(lm.LaminaeError, match="Squeeze"):
        model(X)


def test_without_room_weights_are_made_ready_at_every_run(monkeypatch):
    monkeypatch.setattr(settings, "max_ready_bytes", 0)
    model = lstm()
    assert same(model(X), expected(model))
    assert not is_ready(model)

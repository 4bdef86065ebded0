"""Deltas and derivatives against torch's autograd on the module itself, and against what was written out by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from tests.learn.modules import MODULES, ids, made


def small():
    return lm.Model.chain(lm.Input(3, name="L1"), lm.Linear(4, name="L2"), lm.Tanh(name="L3"), lm.Linear(2, name="L4"), seed=0)


X, Y = torch.randn(5, 3, generator=torch.Generator().manual_seed(1)), torch.zeros(5, 2)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("backward", [True, False])
def test_derivatives_are_the_modules_own(name, backward):
    """Without backward=True the pass runs again: with the same Dropout, and moving no statistic a second time."""
    module, batch = made(name)
    x, expected = batch(), ids()
    model = lm.open(module, example=(x,))
    torch.manual_seed(3)
    trace = model.run(x, backward=backward)
    statistics = {k: v.clone() for k, v in module.named_buffers()}
    draws = torch.get_rng_state()
    back = trace.backward("cross_entropy", expected)
    assert ("ran again" in back.said) == (not backward)
    assert all(torch.equal(v, statistics[k]) for k, v in module.named_buffers())
    assert torch.equal(torch.get_rng_state(), draws)
    assert all(p.grad is None for p in module.parameters())
    torch.manual_seed(3)
    F.cross_entropy(module(x), expected).backward()
    assert set(back.weights) == {k for k, _ in module.named_parameters()}
    for key, parameter in module.named_parameters():
        assert torch.equal(back.weights[key], parameter.grad), key


def test_deltas_by_hand():
    """tanh' = 1 − tanh²: the text-book's backward pass."""
    model = small()
    trace = model.run(X, backward=True)
    back = trace.backward(lm.loss.mse("half"), Y)
    delta4 = (trace["L4"] - Y) / len(X)
    delta3 = delta4 @ model.parameters["L4.weight"].tensor().reshape(2, 4)
    delta2 = delta3 * (1 - trace["L3"] ** 2)
    torch.testing.assert_close(back["L4"], delta4.detach())
    torch.testing.assert_close(back["L3"], delta3.detach())
    torch.testing.assert_close(back["L2"], delta2.detach())
    torch.testing.assert_close(back.weights["L4.bias"], delta4.sum(0).detach())
    assert back.layers[-4:] == ("L4", "L3", "L2", "L1")


def test_each_branch_has_its_own_delta_where_a_layer_hands_on_its_input():
    """Dropout outside training gives the very tensor it was given, which another layer reads too."""

    class Branches(torch.nn.Module):
        def forward(self, x):
            h = x * 2
            return F.dropout(h, 0.5, False) * 3 + h * 5

    model = lm.open(Branches(), example=(torch.ones(2, 2),))
    back = model.run(torch.ones(2, 2), backward=True).backward(lambda y, t: y.sum(), torch.zeros(2, 2))
    assert back["mul"].unique().tolist() == [8.0]
    dropped = next((name for name in back if "dropout" in name), None)
    assert dropped is None or back[dropped].unique().tolist() == [3.0]


def test_stopping_at_a_layer():
    back = small().run(X, backward=True).backward("mse", Y, until="L3")
    assert back.layers[-1] == "L3"
    assert set(back.weights) == {"L4.weight", "L4.bias"}


def test_store_policies_hold():
    trace = small().run(X, backward=True)
    back = trace.backward("mse", Y, store=[lm.Store("L2", reduce="norm"), "L4"])
    whole = trace.backward("mse", Y)
    torch.testing.assert_close(back["L2"], whole["L2"].norm(dim=1))
    assert torch.equal(back["L4"], whole["L4"])
    with pytest.raises(lm.UnknownNameError, match="not stored"):
        back["L3"]


def test_a_delta_scaled_on_its_way_scales_all_that_comes_of_it():
    trace = small().run(X, backward=True)
    plain, scaled = trace.backward("mse", Y), trace.backward("mse", Y, patch=lm.patch.scale("L3", 3.0))
    assert torch.equal(scaled["L4"], plain["L4"])
    torch.testing.assert_close(scaled["L3"], 3 * plain["L3"])
    torch.testing.assert_close(scaled.weights["L2.weight"], 3 * plain.weights["L2.weight"])


def test_a_delta_replaced():
    back = small().run(X, backward=True).backward("mse", Y, patch={"L2": torch.ones(5, 4)})
    torch.testing.assert_close(back.weights["L2.bias"], torch.full((4,), 5.0))


def test_frozen_weights_get_nothing():
    back = small().run(X, backward=True).backward("mse", Y, freeze=["L2", "*.bias"])
    assert set(back.weights) == {"L4.weight"}
    assert set(back.frozen) == {"L2.weight", "L2.bias", "L4.bias"}


def test_a_weight_that_has_moved_is_named():
    model = small()
    trace = model.run(X, backward=True)
    model.parameters["L2.weight"].assign(model.parameters["L2.weight"].numpy() * 2)
    with pytest.raises(lm.UsageError, match=r"L2\.weight"):
        trace.backward("mse", Y)


def test_a_trace_that_kept_little_runs_again():
    model = small()
    kept = model.run(X, backward=True, store=["L4"]).backward("mse", Y)
    assert "ran again" in kept.said
    assert torch.equal(kept["L2"], model.run(X, backward=True).backward("mse", Y)["L2"])


def test_through_bodies():
    """Each turn of a loop has its delta: h ← 2h, three times."""
    import onnx.parser

    text = """
    <ir_version: 8, opset_import: ["": 17]>
    g (float[2] x) => (float[2] y)
    <int64 n = {3}, bool go = {1}, float two = {2.0}>
    { y = Loop(n, go, x) <body = b (int64 i, bool c, float[2] h) => (bool c2, float[2] h2) { c2 = Identity(c) h2 = Mul(h, two) }> }
    """
    model = lm.open(onnx.parser.parse_model(text))
    back = model.run(np.ones(2, np.float32), backward="inputs").backward(lambda y, t: y.sum(), np.zeros(2, np.float32))
    assert back["x"].tolist() == [8.0, 8.0]
    turns = [name for name in back if "Mul" in name or "h2" in name]
    assert [back[name].tolist() for name in turns] == [[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]


def test_the_table_goes_from_the_loss_to_the_input():
    text = small().run(X, backward="inputs").backward("mse", Y).table().text(120)
    places = [text.index(word) for word in ("mse_loss", "L4", "L3", "L2", "L1")]
    assert places == sorted(places)


def test_what_a_patch_puts_in_place_has_a_delta():
    """Nothing that learns leads to it, but it leads to the loss."""
    model = small()
    trace = model.run(X, patch={"L3": torch.ones(5, 4)}, backward=True)
    back = trace.backward(lambda y, t: y.sum(), Y)
    weight = model.parameters["L4.weight"].tensor().reshape(2, 4)
    torch.testing.assert_close(back["L3"], weight.sum(0).expand(5, 4))
    assert set(back.without) == {"L2.weight", "L2.bias"}
    assert torch.equal(model.run(X).resume({"L3": torch.ones(5, 4)}).backward(lambda y, t: y.sum(), Y)["L3"], back["L3"])

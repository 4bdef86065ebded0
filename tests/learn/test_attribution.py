"""Attribution against torch's autograd, and integrated gradients against what they must sum up to."""

import pytest
import torch

import laminae as lm
from tests.learn.modules import made


def trace_of(name="cnn", **more):
    module, batch = made(name)
    module.eval()
    x = batch()
    model = lm.open(module, example=(x,))
    return module, model, x, model.run(x, **more)


@pytest.mark.parametrize("backward", [True, False])
def test_gradients_by_the_input_are_torchs(backward):
    module, _, x, trace = trace_of(backward=backward)
    found = trace.attribute(lambda y: y[0, 3], trace.layers[0].name)
    x = x.clone().requires_grad_()
    module(x)[0, 3].backward()
    (name,) = found
    torch.testing.assert_close(found[name], x.grad)


def test_gradient_times_activation():
    _, _, _, trace = trace_of()
    plain, times = (trace.attribute(lambda y: y[0, 3], "*relu*", method=m) for m in ("gradient", "gradient x activation"))
    for name, grad in plain.items():
        torch.testing.assert_close(times[name], grad * trace[name])


def test_integrated_gradients_are_complete_at_every_layer():
    """Their sum is what the number gains from the baseline to the value (Sundararajan et al. 2017, proposition 1)."""
    model = lm.Model.chain(lm.Input(3, name="a"), lm.Linear(4, name="b"), lm.Tanh(name="c"), lm.Linear(2, name="d"), seed=0)
    x = torch.randn(2, 3)
    trace = model.run(x)
    for name in ("a", "b", "c"):
        found = trace.attribute(lambda y: y[0, 1], name, method="integrated", steps=32)[name]
        base = trace.resume({name: torch.zeros_like(trace[name])}).output
        assert float(found.sum()) == pytest.approx(float(trace.output[0, 1] - base[0, 1]), abs=1e-5)


def test_what_does_not_fit_is_said():
    _, _, _, trace = trace_of("mlp")
    with pytest.raises(lm.UsageError, match="one number"):
        trace.attribute(lambda y: y, "0")
    with pytest.raises(lm.UsageError, match="integrated"):
        trace.attribute(lambda y: y[0, 0], "0", method="magic")
    with pytest.raises(lm.UnknownNameError):
        trace.attribute(lambda y: y[0, 0], "nowhere")

"""The three real models: their derivatives are right, and twenty steps on random targets lower the loss."""

import pytest
import torch

import laminae as lm
from tests.shared import NAMES, model_file, model_input


def opened(name):
    model, x = lm.open(model_file(name)), model_input(name)
    found = model(x)
    output = found[0] if isinstance(found, tuple) else found
    target = torch.randn(output.shape, generator=torch.Generator().manual_seed(0)) * float(output.std())
    return model, x, target


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:no derivative")
def test_twenty_steps_lower_the_loss(name):
    model, x, target = opened(name)
    with lm.stepper(model, "mse", lm.optimizer("adam", lr=1e-4), output=0) as step:
        losses = [float(step(x, target)) for _ in range(20)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["mnist", "magika-fast-v2_1"])
def test_derivatives_are_right(name):
    """ultraface's are too, in a minute."""
    model, x, target = opened(name)
    found = lm.check_gradients(model, x, target, output=0, samples=2)
    assert found, str(found)

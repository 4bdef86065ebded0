"""The three real models: their derivatives are right, twenty steps on random targets lower the loss, digits are learned."""

import numpy as np
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
@pytest.mark.filterwarnings("ignore:no derivative", "ignore:Equal weights")
def test_twenty_steps_lower_the_loss(name):
    model, x, target = opened(name)
    with lm.stepper(model, "mse", lm.optimizer("adam", lr=1e-4), output=0) as step:
        losses = [float(step(x, target)) for _ in range(20)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["mnist", "magika-fast-v2_1"])
def test_derivatives_are_right(name):
    model, x, target = opened(name)
    found = lm.check_gradients(model, x, target, output=0, samples=2)
    assert found, str(found)


@pytest.mark.long
def test_derivatives_of_the_face_detector_are_right():
    """To 1e-4: some of its weights move the loss so little that differences of it are rounding."""
    model, x, target = opened("ultraface-slim-320")
    found = lm.check_gradients(model, x, target, output=0, samples=2)
    assert found.worst.error < 1e-4, str(found)
    assert sum(not record.correct for record in found.records) <= 3


def digits():
    """scikit-learn's 8×8 digits as the model takes them, [1797, 1, 28, 28]; their classes; the order in which they are parted."""
    data = pytest.importorskip("sklearn.datasets").load_digits()
    small = torch.tensor(data.images, dtype=torch.float32)[:, None] / 16
    large = torch.nn.functional.interpolate(small, size=(28, 28), mode="bilinear")
    return large.numpy(), data.target, np.random.default_rng(0).permutation(len(small))


@pytest.mark.slow
def test_mnist_learns_digits_from_weights_drawn_anew():
    """The file takes one sample at a time: the weights move by the mean of 32."""
    x, y, order = digits()
    learned, held = order[:1437], order[1437:]
    model = lm.open(model_file("mnist")).reset(seed=0)

    def accuracy():
        return np.mean([int(model(x[i : i + 1]).argmax()) == y[i] for i in held])

    assert accuracy() < 0.3
    lm.fit(
        model,
        (x[learned], y[learned]),
        loss="cross_entropy",
        optimizer=lm.optimizer("adam", lr=4e-3),
        epochs=7,
        batch=1,
        accumulate=32,
    )
    assert accuracy() >= 0.97

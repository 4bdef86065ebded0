"""A loss that is no number stops the run and names what made it so: the data, a layer, the loss itself."""

import numpy as np
import pytest
import torch

import laminae as lm
from tests.learn.test_fit import blobs, model_of


def linear(precision=None, start=1.0, x=1.0, y=0.0, loss="mse", **more):
    given = lm.Input(3, name="x")
    model = lm.Model(given, lm.Linear(1, name="out")(lm.ReLU(name="middle")(given)), seed=0)
    model["out"].parameters["out.weight"].array[...] = start
    data = np.full((8, 3), x, np.float32), np.full((8, 1), y, np.float32)
    return lm.fit(model, data, loss=loss, optimizer=lm.optimizer("sgd", lr=1e-3), batch=4, precision=precision, **more)


def test_nan_in_the_data_is_told_with_its_samples():
    model, module = model_of()
    x, y = blobs()
    x[[3, 7], 2] = np.nan
    before = module[0].weight.detach().clone()
    with pytest.raises(lm.LayerError, match=r"(?s)input 'input' is the first.*sample 3, 7 of the batch"):
        lm.fit(model, (x, y), loss="cross_entropy", batch=64, shuffle=False)
    assert torch.equal(module[0].weight, before)


def test_nan_in_the_expectation_is_not_blamed_on_a_layer():
    with pytest.raises(lm.LayerError, match=r"(?s)the expectation holds no numbers.*sample 0, 1"):
        linear(y=np.nan)


def test_a_loss_that_overflows_says_how_large_what_it_was_given_is():
    with pytest.raises(lm.LayerError, match=r"(?s)loss\.mse.*made it of numbers.*output.*float32, from 3e\+25"):
        linear(start=1e25)


def test_a_layer_that_overflows_is_named():
    with pytest.raises(lm.LayerError, match="layer 'out' is the first with no numbers"):
        linear(start=1e25, x=1e25)


def test_in_float16_the_layer_that_overflows_is_named_and_bf16_told():
    with pytest.raises(lm.LayerError, match=r"(?s)layer 'out' is the first.*float16.*precision='bf16'"):
        linear("fp16", start=1e3, x=1e3)
    assert np.isfinite(linear("bf16", start=1e3, x=1e3)["loss"][0])


def test_a_derivative_that_is_no_number_is_told_at_the_next_batch_by_its_weight():
    """√0 has none: the loss is a number, and after the step the weights are none."""

    def rooted(output, expected):
        return torch.sqrt((output - output.detach()) ** 2).sum()

    with pytest.raises(lm.LayerError, match=r"(?s)batch 2 of epoch 1.*weights hold no numbers.*out"):
        linear(loss=rooted)

"""Weights drawn anew: as torch's layers begin, by seed, in place."""

import math

import numpy as np
import pytest
import torch

import laminae as lm
from tests.learn.exports import opened
from tests.learn.modules import MODULES, made


def spread(model, name):
    return float(model.parameters[name].tensor().abs().max())


def test_weights_begin_as_torchs_layers_do():
    """Within the bounds of torch's own layers, and up to them."""
    model = lm.Model.chain(
        lm.Input((3, 16, 16), name="x"), lm.Conv(16, 3, name="conv"), lm.BatchNorm(name="norm"), lm.ReLU(), lm.Flatten(),
        lm.Linear(64, name="gemm"), lm.ReLU(), lm.Linear(10, name="out"), seed=0,
    )  # fmt: skip
    for box in model.parameters.values():
        if box.is_weight:
            box.assign(np.full(box.shape, 9, np.float32))
    assert model.reset(seed=1) is model
    bounds = {"conv": 1 / math.sqrt(27), "gemm": 1 / math.sqrt(16 * 14 * 14), "out": 1 / 8}
    for name, bound in bounds.items():
        assert 0.9 * bound < spread(model, f"{name}.weight") <= bound
        assert 0.3 * bound < spread(model, f"{name}.bias") <= bound
    assert set(model.parameters["norm.weight"].numpy()) == {1}
    assert set(model.parameters["norm.bias"].numpy()) == {0}


def test_the_seed_decides_and_statistics_begin_again():
    model = lm.Model.chain(lm.Input((3, 4, 4), name="x"), lm.BatchNorm(name="norm"), lm.Flatten(), lm.Linear(4, name="out"))
    model.train()(np.random.default_rng(0).normal(size=(8, 3, 4, 4)).astype(np.float32))
    first = model.reset(seed=3).parameters["out.weight"].numpy().copy()
    assert not model.parameters["norm.running_mean"].numpy().any()
    assert (model.parameters["norm.running_var"].numpy() == 1).all()
    second = model.reset(seed=4).parameters["out.weight"].numpy().copy()
    assert (first == model.reset(seed=3).parameters["out.weight"].numpy()).all()
    assert (first != second).any()


def test_only_what_is_meant():
    model = lm.Model.chain(lm.Input(4, name="x"), lm.Linear(4, name="a"), lm.Linear(4, name="b"), seed=0)
    a, b = (model.parameters[f"{n}.weight"].numpy().copy() for n in "ab")
    model.reset(seed=5, weights="b")
    assert (model.parameters["a.weight"].numpy() == a).all()
    assert (model.parameters["b.weight"].numpy() != b).any()
    with pytest.raises(lm.UnknownNameError):
        model.reset(weights="c")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Equal weights")
@pytest.mark.parametrize("name", MODULES)
def test_exports_are_drawn_from_what_their_modules_draw_from(name, tmp_path):
    """Each weight spreads as in a module that was made anew, to a quarter; filled ones are filled."""
    module, batch = made(name)
    model = opened(module, batch(), tmp_path / "m.onnx")
    model._ready_to_learn()
    before = {n: b.tensor().clone().float() for n, b in model.parameters.items() if b.is_weight and b.size > 100}
    for n in before:
        model.parameters[n].assign(np.full(model.parameters[n].shape, 7, np.float32))
    model.reset(seed=1)
    for n, old in before.items():
        new = model.parameters[n].tensor()
        if "in_proj" not in str(model.parameters[n].metadata):  # torch draws this one by xavier_uniform
            assert float(new.std()) == pytest.approx(float(old.std()), rel=0.25), n


def test_modules_draw_their_own():
    with pytest.raises(lm.UsageError, match="make the module again"):
        lm.open(torch.nn.Linear(2, 2), example=(torch.ones(1, 2),)).reset()

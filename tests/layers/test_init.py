"""How weights start: the schemes' bounds, given arrays, and seeds that give the same bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

import laminae.layers as lm
from laminae.base.errors import ShapeError, UsageError
from laminae.graph import Graph
from laminae.layers.build import chain
from laminae.layers.init import SCHEMES, fans

OUT, IN = 200, 300


def weights(init: Any, seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    graph = chain(lm.Input(IN), lm.Linear(OUT, init=init, name="fc"), seed=seed)
    return graph.parameters["fc.weight"].array, graph.parameters["fc.bias"].array


UNIFORM = {"kaiming_uniform": 1 / math.sqrt(IN), "xavier_uniform": math.sqrt(6 / (IN + OUT))}
NORMAL = {"kaiming_normal": math.sqrt(2 / IN), "xavier_normal": math.sqrt(2 / (IN + OUT)), "normal": 1.0}


@pytest.mark.parametrize("scheme", UNIFORM)
def test_uniform_schemes_fill_their_range(scheme: str) -> None:
    weight, bound = weights(scheme)[0], UNIFORM[scheme]
    assert np.abs(weight).max() <= bound
    assert np.abs(weight).max() > 0.999 * bound
    assert weight.std() == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize("scheme", NORMAL)
def test_normal_schemes_have_their_deviation(scheme: str) -> None:
    weight = weights(scheme)[0]
    assert weight.std() == pytest.approx(NORMAL[scheme], rel=0.02)
    assert abs(weight.mean()) < 0.02 * NORMAL[scheme]


def test_the_default_is_that_of_torch() -> None:
    module = torch.nn.Linear(IN, OUT)
    weight, bias = weights("kaiming_uniform")
    assert np.abs(weight).max() == pytest.approx(module.weight.abs().max().item(), rel=1e-3)
    assert np.abs(bias).max() == pytest.approx(module.bias.abs().max().item(), rel=0.05)
    assert (weights("xavier_uniform")[1] == 0).all()


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (4, 6, 3, 2)])
def test_fans_are_torchs(shape: tuple[int, ...]) -> None:
    assert fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


def test_zeros_ones_and_uniform() -> None:
    assert (weights("zeros")[0] == 0).all()
    assert (weights("ones")[0] == 1).all()
    uniform = weights("uniform")[0]
    assert (uniform.min() >= 0, uniform.max() < 1, uniform.mean() == pytest.approx(0.5, abs=0.01)) == (True, True, True)


def everything(seed: int) -> Graph:
    x = (
        lm.Input((8, 6)),
        lm.Conv(4, 3, padding="same"),
        lm.BatchNorm(),
        lm.MultiHeadAttention(2),
        lm.LSTM(5, 2, True),
        lm.GRU(3),
    )
    return chain(*x, lm.LayerNorm(), lm.Flatten(), lm.Linear(7), seed=seed)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    a, b, other = everything(1).parameters, everything(1).parameters, everything(2).parameters
    assert all(a[name].array.tobytes() == b[name].array.tobytes() for name in a)
    assert a["linear_1.weight"].array.tobytes() != other["linear_1.weight"].array.tobytes()


def test_a_layer_more_at_the_end_does_not_change_the_weights_before_it() -> None:
    short = chain(lm.Input(3), lm.Linear(4)).parameters
    long = chain(lm.Input(3), lm.Linear(4), lm.Linear(5)).parameters
    assert all(short[name].array.tobytes() == long[name].array.tobytes() for name in short)


@pytest.mark.parametrize(
    "given", [[[1, -1, 2]], np.array([[1.0, -1.0, 2.0]]), torch.tensor([[1.0, -1.0, 2.0]], requires_grad=True)]
)
@pytest.mark.parametrize("word", ["weight", "init"])
def test_weights_may_be_given_as_anything_like_an_array(given: Any, word: str) -> None:
    graph = chain(lm.Input(3), lm.Linear(1, bias=[-5], name="fc", **{word: given}))
    weight, bias = graph.parameters["fc.weight"].array, graph.parameters["fc.bias"].array
    np.testing.assert_array_equal(weight, np.array([[1, -1, 2]], "float32"))
    np.testing.assert_array_equal(bias, np.array([-5], "float32"))
    assert weight.dtype == bias.dtype == np.float32


def test_a_given_array_is_copied() -> None:
    mine = np.ones((1, 3), "float32")
    graph = chain(lm.Input(3), lm.Linear(1, weight=mine, name="fc"))
    mine[:] = 7
    assert (graph.parameters["fc.weight"].array == 1).all()


def test_a_function_may_draw_the_weights() -> None:
    weight, bias = weights(lambda shape, rng: np.full(shape, 3.0) + rng.uniform(0, 1e-6))
    assert weight.shape == (OUT, IN)
    assert weight.mean() == pytest.approx(3)
    assert (bias == 0).all()


def test_recurrent_weights_start_as_torchs() -> None:
    for layer in (lm.LSTM(64, name="r"), lm.GRU(64, name="r")):
        parameters = chain(lm.Input((5, 10)), layer).parameters
        assert all(0.98 / 8 < np.abs(parameters[f"r.{part}"].array).max() <= 1 / 8 for part in "WRB")
    parameters = chain(lm.Input((5, 10)), lm.GRU(64, init="xavier_uniform", name="r")).parameters
    assert np.abs(parameters["r.W"].array).max() == pytest.approx(math.sqrt(6 / (10 + 192)), rel=0.01)
    assert (parameters["r.B"].array == 0).all()


def test_what_cannot_start_a_weight_is_refused() -> None:
    with pytest.raises(UsageError, match="init='he'") as wrong:
        lm.Linear(3, init="he")
    assert all(name in wrong.value.details["expected"] for name in SCHEMES)
    with pytest.raises(ShapeError) as caught:
        chain(lm.Input(3), lm.Linear(1, weight=[[1], [2], [3]], name="fc"))
    assert caught.value.message == "layer 'fc' cannot take the weight it was given"
    assert (caught.value.details["expected"], caught.value.details["found"]) == ("[1, 3]", "[3, 1]")
    for bad in ([["a", "b", "c"]], [[1j, 2, 3]], [[1], [2, 3]], None):
        with pytest.raises(UsageError, match="no numbers"):
            chain(lm.Input(3), lm.Linear(1, init=bad))
    with pytest.raises(UsageError, match="no seed"):
        chain(lm.Input(3), lm.Linear(1), seed=-1)

"""Normalisation: the means and deviations that NumPy finds in float64 at once, and nothing divided by 0."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from laminae.base.errors import ShapeError, UsageError
from laminae.data import Normalisation, samples, split

floats = st.floats(-1e6, 1e6, width=32)


def of(x: Any) -> Any:
    return samples((x, np.zeros(len(x))))


@given(nps.arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 4)), elements=floats), st.integers(1, 9))
def test_it_is_what_numpy_finds_at_once_in_float64(x: np.ndarray, batch: int) -> None:
    found = Normalisation.fit(of(x), batch=batch).inputs["x"]
    wide = x.astype(np.float64)
    constant = np.ptp(wide, axis=0) < np.finfo(np.float32).tiny
    np.testing.assert_allclose(found.shift, wide.mean(axis=0), rtol=1e-12, atol=1e-9)
    tiny = wide.std(axis=0) < np.finfo(np.float32).tiny
    np.testing.assert_allclose(found.scale, np.where(tiny, 1, wide.std(axis=0)), rtol=1e-9)
    least = Normalisation.fit(of(x), "min/max", batch=batch).inputs["x"]
    np.testing.assert_array_equal(least.shift, wide.min(axis=0))
    np.testing.assert_array_equal(least.scale, np.where(constant, 1, np.ptp(wide, axis=0)))
    scaled = Normalisation.fit(of(x)).apply(x)
    assert np.isfinite(scaled).all()
    assert (scaled[:, (x == x[0]).all(axis=0)] == 0).all()


def test_a_large_mean_loses_nothing() -> None:
    x = 1e9 + np.random.default_rng(0).standard_normal((10_000, 2))
    found = Normalisation.fit(of(x), batch=37).inputs["x"]
    np.testing.assert_allclose(found.scale, x.std(axis=0), rtol=1e-7)


@pytest.mark.parametrize(("shape", "axis"), [((20, 3, 4, 5), None), ((20, 4, 5, 3), 3), ((20, 4, 3), 2), ((20,), None)])
def test_channels_lie_along_an_axis(shape: tuple[int, ...], axis: int | None) -> None:
    x = np.random.default_rng(1).random(shape, np.float32)
    made = Normalisation.fit(of(x), axis=axis, batch=6)
    kept = axis or 1
    over = tuple(i for i in range(len(shape)) if i != kept)
    wanted = (x - x.mean(axis=over, keepdims=True, dtype=np.float64)) / x.std(axis=over, keepdims=True, dtype=np.float64)
    np.testing.assert_allclose(made.apply(x), wanted, rtol=1e-4, atol=1e-5)
    assert made.apply(x).dtype == np.float32


def test_the_arrays_of_layers_give_the_same_bits() -> None:
    x = np.random.default_rng(1).random((8, 3, 2, 2), np.float32)
    made = Normalisation.fit(of(x))
    shift, scale = (torch.from_numpy(part) for part in made.inputs["x"].shaped(4))
    assert shift.shape == scale.shape == (1, 3, 1, 1)
    assert torch.equal((torch.from_numpy(x) - shift) / scale, torch.from_numpy(made.apply(x)))
    assert Normalisation.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_it_is_taken_from_the_part_it_is_given() -> None:
    x = np.random.default_rng(2).random((50, 2))
    training, held_out = split(samples((x, np.arange(50))), 0.5)
    rows = training.expected(np.arange(25))
    np.testing.assert_allclose(Normalisation.fit(training).inputs["x"].shift, x[rows].mean(axis=0))
    assert len(held_out) == 25


def test_inputs_of_ids_are_left_as_they_are() -> None:
    held = {"a": np.random.default_rng(0).random((9, 2), np.float32), "ids": np.arange(9)[:, None], "y": np.zeros(9)}
    made = Normalisation.fit(samples(held, "y"))
    assert set(made.inputs) == {"a"}
    assert made.apply({"a": held["a"], "ids": held["ids"]})["ids"] is held["ids"]
    pair = Normalisation.fit(samples(((held["ids"], held["a"]), held["y"])))
    np.testing.assert_array_equal(pair.apply((held["ids"], held["a"]))[1], made.apply(held["a"]))


@pytest.mark.parametrize(
    ("x", "named", "message"),
    [
        (np.array([[1.0], [np.nan]]), {}, "sample 1: input 'x' holds nan"),
        (np.array([[1.0], [np.inf]]), {"batch": 1}, "sample 1: input 'x' holds inf"),
        (np.zeros((4, 3, 2)), {}, "which axis"),
        (np.zeros((4, 3, 2)), {"axis": 3}, "axis=3"),
        (np.zeros((4, 3)), {"how": "median"}, "'median'"),
        (np.zeros((4, 3), int), {}, "no input"),
    ],
)
def test_what_cannot_be_normalised_is_refused(x: Any, named: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Normalisation.fit(of(x), **named)


def test_another_number_of_features_is_refused() -> None:
    with pytest.raises(ShapeError, match="3 along axis 1"):
        Normalisation.fit(of(np.random.default_rng(0).random((4, 3)))).apply(np.zeros((2, 4)))

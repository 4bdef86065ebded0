"""The measures of a difference are NumPy's own, computed another way; right is what numpy.isclose says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from laminae.base.errors import LaminaeError
from laminae.compare.numbers import difference, noise

numbers = st.floats(-1e6, 1e6, width=32)
pairs = array_shapes(max_dims=3, max_side=4).flatmap(
    lambda shape: st.tuples(arrays(np.float32, shape, elements=numbers), arrays(np.float32, shape, elements=numbers))
)


@given(pairs)
def test_every_measure_is_numpys(pair: Any) -> None:
    a, b = (x.astype(np.float64) for x in pair)
    found = difference(*pair, 1e-3, 1e-4)
    error = a - b
    assert found.max_abs == np.abs(error).max()
    assert found.correct == np.allclose(a, b, 1e-3, 1e-4)
    assert found.wrong == pytest.approx(1 - np.isclose(a, b, 1e-3, 1e-4).mean())
    if (b != 0).any():
        assert found.max_rel == np.abs(error[b != 0] / b[b != 0]).max()
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths > 1e-100:
        assert found.cosine == pytest.approx(np.vdot(a, b) / lengths, abs=1e-9)
    if np.any(error) and np.linalg.norm(b) > 1e-100:
        assert found.snr == pytest.approx(20 * np.log10(np.linalg.norm(b) / np.linalg.norm(error)), abs=1e-6)
    if not np.any(error):
        assert found.snr == math.inf
    assert found.found == pair[0][found.at]
    assert found.expected == pair[1][found.at]


@pytest.mark.parametrize(
    ("found", "expected", "correct"),
    [
        ([math.nan], [math.nan], True),
        ([math.inf], [math.inf], True),
        ([math.inf], [-math.inf], False),
        ([math.nan, 1.0], [1.0, 1.0], False),
        ([1, 2], [1, 2], True),
        ([2**53 + 1], [2**53], False),
        (["a", "b"], ["a", "c"], False),
        ([[1.0], [2.0, 3.0]], [[1.0], [2.0, 3.0]], True),
        ([], [], True),
        (None, None, True),
    ],
)
def test_odd_values(found: Any, expected: Any, correct: bool) -> None:
    made = [np.asarray(x) if x and not isinstance(x[0], list) else x for x in (found, expected)]
    assert difference(*made, 0.0, 0.0).correct is correct


def test_the_same_tensor_differs_in_nothing_and_a_nan_is_looked_at() -> None:
    x = torch.tensor([1.0, math.nan])
    assert difference(x, x.clone(), 0, 0).correct
    assert noise(difference(torch.ones(3), torch.ones(3), 0, 0)) == -math.inf
    assert difference(torch.ones(2, dtype=torch.bfloat16), torch.ones(2), 0, 0).max_abs == 0


@pytest.mark.parametrize(
    ("found", "expected"),
    [(np.ones(2), np.ones(3)), (np.ones((2, 1)), np.ones(2)), ([1.0], [1.0, 2.0]), ({"a": 1}, {"b": 1}), (None, np.ones(1))],
)
def test_what_has_other_shapes_is_refused(found: Any, expected: Any) -> None:
    with pytest.raises(LaminaeError):
        difference(found, expected, 1e-3, 1e-4)

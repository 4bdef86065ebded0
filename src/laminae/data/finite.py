"""NaN and infinity in data, told with their sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import UsageError


def require_finite(held: Any, place: Callable[[int], str], word: str) -> None:
    """Raises UsageError naming the first sample of an array that holds what is no number. Ids and texts always pass.

    place: where a sample comes from, by its place in the array. word: what the array is, "input 'x'".
    """
    array = as_numpy(held)
    if array.dtype.kind not in "fc" and array.dtype.name not in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        return
    right = np.isfinite(array if array.dtype.kind in "fc" else array.astype(np.float32))
    if not right.all():
        at = int(np.argmin(right.reshape(len(array), -1).all(axis=1)))
        found = np.atleast_1d(array[at])[~np.atleast_1d(right[at])][0]
        raise UsageError(f"{place(at)}: {word} holds {found}", {"expected": "numbers"})

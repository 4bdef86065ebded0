"""Samples whose expectation fits an output by a change that is said, and whose broken numbers are named where they lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.dtypes import dtype_name, numpy_dtype
from laminae.base.errors import DTypeError, UsageError
from laminae.data.finite import require_finite
from laminae.data.interface import Made, parts

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Expecting(Made):
    """whole: the samples. dtype: of the expectation; None leaves it. column: whether [batch] becomes [batch, 1]. ids: how many
    classes there are, where the expectation is their ids."""

    dtype: str | None = None
    column: bool = False
    ids: int | None = None

    def __len__(self) -> int:
        return len(self.whole)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        """Raises UsageError with the place of a sample that holds NaN, infinity, or an id that is no class."""
        x, expected = self.whole.batch(indices)
        place = partial(_place, self.whole.place, indices)
        for name, part in zip(self.inputs, parts(x), strict=False):
            require_finite(part, place, f"input {name!r}")
        return x, self._fitted(expected, place)

    def expected(self, indices: Array) -> Any:
        return self._fitted(self.whole.expected(indices), partial(_place, self.whole.place, indices))

    def place(self, index: int) -> str:
        return self.whole.place(index)

    def origin(self) -> dict[str, Any]:
        return {**self.whole.origin(), "expected as": [self.dtype, self.column]}

    def _fitted(self, expected: Any, place: Callable[[int], str]) -> Any:
        if expected is None or isinstance(expected, tuple | dict):
            return expected
        array = as_numpy(expected)
        require_finite(array, place, "the expectation")
        if self.ids is not None:
            self._require_ids(array, place)
        if self.dtype is not None and dtype_name(array) != self.dtype:
            if array.dtype.kind not in "biuf":
                raise DTypeError("the expectation is no number", {"found": dtype_name(array), "expected": self.dtype})
            array = array.astype(numpy_dtype(self.dtype))
        return array[:, None] if self.column and array.ndim == 1 else array

    def _require_ids(self, array: Array, place: Callable[[int], str]) -> None:
        if array.dtype.kind not in "iu" or self.ids is None:
            return
        wrong = ((array < 0) | (array >= self.ids)) & (array != IGNORED)
        if wrong.any():
            at = int(np.argmax(wrong.reshape(len(array), -1).any(axis=1)))
            found = np.atleast_1d(array[at])[np.atleast_1d(wrong[at])][0]
            details = {"expected": f"0 to {self.ids - 1}: the output has {self.ids} classes", **_ways(array, self.ids)}
            raise UsageError(f"{place(at)}: {found} is no class of the model's", details)


IGNORED = -100
"""The id that a loss of classes leaves out unless told otherwise."""


def _ways(array: Array, ids: int) -> dict[str, str]:
    if int(array.min()) == 1 and int(array.max()) == ids:
        return {"look at": "the ids begin at 1? Named as categories, classes have ids from 0 on"}
    return {"the way out": "a model with more outputs; or name the target as categories: then its classes have ids from 0 on"}


def _place(place: Callable[[int], str], indices: Array, at: int) -> str:
    return place(int(np.asarray(indices)[at]))

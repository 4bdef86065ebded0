"""Positions on one axis, as users write them: a number, several, a slice."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from laminae.base.arrays import is_tensor
from laminae.base.errors import UsageError

Positions = int | tuple[int, ...] | slice


def positions(index: Any) -> Positions:
    """In one form, which can be compared and hashed. Raises UsageError for what says no positions."""
    if isinstance(index, slice):
        return slice(*(None if part is None else whole(part, "a position") for part in (index.start, index.stop, index.step)))
    if isinstance(index, np.ndarray | np.generic) or is_tensor(index):
        index = index.tolist()
    if isinstance(index, Iterable) and not isinstance(index, str):
        return tuple(whole(part, "a position") for part in index)
    return whole(index, "a position")


def whole(number: Any, what: str) -> int:
    """A whole number, NumPy's and torch's included. Raises UsageError for anything else, True and False too."""
    try:
        if isinstance(number, bool | np.bool_) or str(getattr(number, "dtype", "")) == "torch.bool":
            raise TypeError
        return operator.index(number)
    except TypeError:
        way = {"the way out": "np.flatnonzero(mask)"} if isinstance(number, bool | np.bool_) else {}
        raise UsageError(f"{number!r} is not {what}", {"expected": "whole numbers, or a slice", **way}) from None


def axis_of(shape: tuple[int, ...], axis: int) -> int:
    """The axis counted from the first. Raises IndexError where there is none."""
    if not -len(shape) <= axis < len(shape):
        raise IndexError(f"there is no axis {axis} in rank {len(shape)}")
    return axis % len(shape)


def place(shape: tuple[int, ...], axis: int, index: Positions, *, keep: bool = False) -> tuple[Any, ...]:
    """What to index an array of this shape with. keep: one position too leaves the axis, of size one.

    Raises IndexError where there is no such axis or position.
    """
    axis = axis_of(shape, axis)
    size, found = shape[axis], index
    if isinstance(index, slice):
        found = list(range(*index.indices(size))) if (index.step or 1) < 0 else index  # type: ignore[assignment]
    else:
        for one in (index,) if isinstance(index, int) else index:
            if not -size <= one < size:
                raise IndexError(f"axis {axis} has no position {one}: its size is {size}")
        if not isinstance(index, int):
            found = list(index)  # type: ignore[assignment]
        elif keep:
            found = slice(index % size, index % size + 1)
    return (slice(None),) * axis + (found,)

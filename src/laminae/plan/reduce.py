"""What a value is reduced to when only that is kept."""

from __future__ import annotations

from typing import Any

from laminae.base import torch
from laminae.base.positions import axis_of
from laminae.base.statistics import histogram, statistics

REDUCTIONS = ("mean", "sum", "max", "min", "std", "norm", "stats", "histogram")


def reduced(value: Any, reduction: str, over: int | tuple[int, ...] | None) -> Any:
    """Over all axes but the first unless told otherwise; over no axis each element is reduced by itself."""
    if reduction == "stats":
        return statistics(value)
    if reduction == "histogram":
        return histogram(value)
    several = over if isinstance(over, tuple) else (over,) if over is not None else tuple(range(1, value.ndim))
    axes = tuple(axis_of(tuple(value.shape), axis) for axis in several)
    if not axes:
        value, axes = value.unsqueeze(-1), (value.ndim,)
    if reduction in ("max", "min"):
        return _extreme(value, reduction, axes)
    return _summed(value, reduction, axes)


def _summed(value: Any, reduction: str, axes: tuple[int, ...]) -> Any:
    floats = value.is_floating_point() or value.is_complex()
    wide = value if floats and value.itemsize >= 4 else value.float() if floats else value
    if reduction == "sum":
        return wide.sum(axes)  # of whole numbers in int64
    wide = wide if floats else wide.double()
    if reduction == "mean":
        return wide.mean(axes)
    return torch.std(wide, axes, correction=0) if reduction == "std" else torch.linalg.vector_norm(wide, dim=axes)


def _extreme(value: Any, reduction: str, axes: tuple[int, ...]) -> Any:
    empty = [axis for axis in axes if value.shape[axis] == 0]
    if empty:
        raise IndexError(f"there is no {reduction} over axis {empty[0]} of size 0")
    return getattr(torch, f"a{reduction}")(value, axes)

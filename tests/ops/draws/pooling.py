"""Pools as the standard's formulas have them, in plain loops: for draws that the reference evaluator gets wrong."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tests.ops.draws.drawing import Drawn

Axis = tuple[int, int, int, int, int, int]
"""size, kernel, stride, dilation, begin, end."""


def axes_of(drawn: Drawn) -> list[Axis]:
    """What X, kernel_shape, strides, dilations and pads say of each axis; auto_pad is not looked at."""
    a, n = drawn.attributes, len(drawn.attributes["kernel_shape"])
    pads = a.get("pads", [0] * 2 * n)
    columns = (drawn.inputs[0].shape[2:], a["kernel_shape"], a.get("strides", [1] * n), a.get("dilations", [1] * n))
    return list(zip(*columns, pads[:n], pads[n:], strict=True))


def _counted(axis: Axis, auto_pad: str, ceil_mode: int) -> tuple[int, int, int]:
    """(windows, begin, end)."""
    n, k, s, d, begin, end = axis
    reach = (k - 1) * d + 1
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        count = -(-n // s)
        total = max((count - 1) * s + reach - n, 0)
        return (count, total // 2, total - total // 2) if auto_pad == "SAME_UPPER" else (count, total - total // 2, total // 2)
    free = n + begin + end - reach
    count = (-(-free // s) if ceil_mode else free // s) + 1
    if ceil_mode and (count - 1) * s >= n + begin:  # "windows that would start in the right padded region are ignored"
        count -= 1
    return count, begin, end


def windows(drawn: Drawn) -> tuple[tuple[int, ...], list[tuple[tuple[int, ...], list[tuple[int, ...]], int]]]:
    """The counts, and of each window its place, the places of the elements inside X, and how many taps lie in X or its pads."""
    a, axes = drawn.attributes, axes_of(drawn)
    said = [_counted(axis, a.get("auto_pad", "NOTSET"), a.get("ceil_mode", 0)) for axis in axes]
    counts = tuple(count for count, _, _ in said)
    made = []
    for place in np.ndindex(counts):
        inside, taps = [], 1
        for at, (n, k, s, d, *_), (_, begin, end) in zip(place, axes, said, strict=True):
            reads = [at * s - begin + j * d for j in range(k)]
            inside.append([r for r in reads if 0 <= r < n])
            taps *= sum(r < n + end for r in reads)
        made.append((place, list(itertools.product(*inside)), taps))
    return counts, made


def average(drawn: Drawn, opset: int) -> list[Any]:
    """The mean; over the pads too, as zeros, where count_include_pad."""
    include = drawn.attributes.get("count_include_pad", 0)
    return [_each(drawn, lambda values, taps: values.sum() / (taps if include else values.size))]


def norm(drawn: Drawn, opset: int) -> list[Any]:
    """(Σ |x|ᵖ)^(1/p)."""
    p = drawn.attributes.get("p", 2)
    return [_each(drawn, lambda values, taps: (np.abs(values) ** p).sum() ** (1 / p))]


def _each(drawn: Drawn, f: Any) -> np.ndarray[Any, Any]:
    x = drawn.inputs[0]
    counts, made = windows(drawn)
    y = np.zeros((*x.shape[:2], *counts))
    wide = x.astype(np.float64)
    for channel in np.ndindex(x.shape[:2]):
        for place, inside, taps in made:
            y[channel + place] = f(np.array([wide[channel + at] for at in inside]), taps)
    return y.astype(x.dtype)


def largest(drawn: Drawn, opset: int) -> list[Any]:
    """The largest, and the place of the first such in X laid flat, as storage_order says."""
    x, order = drawn.inputs[0], "F" if drawn.attributes.get("storage_order", 0) else "C"
    counts, made = windows(drawn)
    y = np.zeros((*x.shape[:2], *counts), x.dtype)
    places = np.zeros(y.shape, np.int64)
    for number, channel in enumerate(np.ndindex(x.shape[:2])):
        for place, inside, _ in made:
            best = max(inside, key=lambda at: float(x[channel + at]))
            y[channel + place] = x[channel + best]
            flat = np.ravel_multi_index(best, x.shape[2:], order=order)
            places[channel + place] = number * int(np.prod(x.shape[2:])) + int(flat)
    return [y, places][: drawn.outputs]

"""What a stored output is made of: mean, spread, extremes, zeros, NaN and Inf."""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.host import HostArray
from laminae.base.records import Histogram, Statistics

BINS = 64
"""Of a histogram."""

FEW = 1 << 16
"""Elements that are counted by NumPy."""

WIDTH = 1e-9
"""Of all bins beside the numbers in them: NumPy refuses such as float64 hardly tells apart."""

CHUNK = 1 << 22
"""Elements looked at together, so that the float64 copy of a large output stays small."""


def statistics(value: Any) -> Statistics:
    """Over all elements; mean, std (of the population), min and max over the finite ones, in float64.

    None for each where there are no finite elements. Complex values are taken by their magnitude; strings have none.
    """
    if isinstance(value, HostArray) and value.dtype != "string":
        value = torch.from_numpy(value.numpy().astype("float32"))
    if not is_tensor(value):
        return Statistics()
    flat = value.detach().reshape(-1)
    if flat.numel() == 0:
        return Statistics()
    flat = flat.abs() if flat.is_complex() else flat
    zeros = nan = inf = count = 0
    total, low, high = 0.0, float("inf"), float("-inf")
    for part in flat.split(CHUNK):
        part = part.double()
        finite = part[torch.isfinite(part)]
        zeros += int((part == 0).sum())
        nan += int(torch.isnan(part).sum())
        inf += int(torch.isinf(part).sum())
        if finite.numel():
            count += finite.numel()
            total += float(finite.sum())
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    share = zeros / flat.numel()
    if not count:
        return Statistics(zeros=share, nan=nan, inf=inf)
    mean = total / count
    squares = sum(_squares(part.double(), mean) for part in flat.split(CHUNK))
    return Statistics(mean, (squares / count) ** 0.5, low, high, share, nan, inf)


def _squares(part: Any, mean: float) -> float:
    finite = part[torch.isfinite(part)]
    return float(((finite - mean) ** 2).sum())


def histogram(value: Any) -> Histogram:
    """The finite elements counted in 64 bins of one width, from the smallest to the largest; the others are counted apart.

    Where all are one number the bins are around it, half to each side. Complex values are taken by their magnitude.
    """
    if isinstance(value, HostArray) and value.dtype != "string":
        value = torch.from_numpy(value.numpy().astype("float32"))
    if not is_tensor(value):
        return Histogram((0,) * BINS, (0.0,) * (BINS + 1))
    flat = value.detach().reshape(-1)
    flat = (flat.abs() if flat.is_complex() else flat).to("cpu")
    parts = [part.double() for part in flat.split(CHUNK)] if flat.numel() <= CHUNK else flat.split(CHUNK)
    low, high, count = float("inf"), float("-inf"), 0
    for part in parts:
        finite = _finite(part)
        if finite.numel():
            low, high, count = min(low, float(finite.min())), max(high, float(finite.max())), count + finite.numel()
    if not count:
        return Histogram((0,) * BINS, (0.0,) * (BINS + 1), flat.numel())
    around = max(0.5, abs(low) * 2**-40) if low == high else 0.0
    low, high = low - around, high + around
    counts = sum(_counts(_finite(part), low, high) for part in parts)
    edges = torch.linspace(low, high, BINS + 1, dtype=torch.float64)
    return Histogram(tuple(int(n) for n in counts.tolist()), tuple(edges.tolist()), flat.numel() - count)


def _counts(finite: Any, low: float, high: float) -> Any:
    """Of few elements NumPy counts: torch would wake its threads for them."""
    if finite.numel() <= FEW and max(WIDTH * max(abs(low), abs(high)), 1e-290) < high - low < float("inf"):
        return torch.from_numpy(np.histogram(finite.numpy(), BINS, (low, high))[0])
    return torch.histogram(finite, BINS, range=(low, high))[0]


def _finite(part: Any) -> Any:
    wide = part.double()
    return wide[torch.isfinite(wide)]

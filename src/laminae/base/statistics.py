"""What a stored output is made of: mean, spread, extremes, zeros, NaN and Inf."""

from __future__ import annotations

from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.host import HostArray
from laminae.base.records import Histogram, Statistics

BINS = 64
"""Of a histogram."""

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

    Complex values are taken by their magnitude.
    """
    flat = value.detach().reshape(-1)
    flat = (flat.abs() if flat.is_complex() else flat).to("cpu")
    wide = flat if flat.dtype == torch.float64 else flat.float()
    finite = wide[torch.isfinite(wide)]
    others = flat.numel() - finite.numel()
    if not finite.numel():
        return Histogram((0,) * BINS, (0.0,) * (BINS + 1), others)
    counts, edges = torch.histogram(finite, BINS)
    return Histogram(tuple(int(count) for count in counts), tuple(edges.tolist()), others)

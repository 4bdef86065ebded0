"""What is measured of one output while the model runs, so that the output itself need not be kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.dtypes import dtype_name

CHUNK = 1 << 17
"""Elements taken together: as many as stay in a core's cache in float64."""

FEW = 64
"""Elements of a sample that are looked at before all of them are."""

ALIKE = 1e-6
"""Two numbers are the same where they differ by less than this, beside the largest of the output."""

NEAR = 1e-3
"""Of the width between the limits of a smooth activation: nearer than this is at the limit."""


@dataclass(frozen=True)
class Look:
    """What to look at besides: the axis of the channels, the limits of an activation, the axis of a softmax.

    exact: the limits are reached, not neared (a clip).
    """

    channels: int | None = None
    low: float | None = None
    high: float | None = None
    exact: bool = False
    rows: int | None = None

    def __call__(self, value: Any) -> Gauge | None:
        return gauge(value, self)


@dataclass(frozen=True)
class Gauge:
    """Of one output. mean, std, min, max: of the finite elements, None where there are none.

    odd: the place of the first element that is not finite. dead: channels that are zero everywhere; channels, observed: how
    many there are, at how many samples and positions. same_samples, same_positions: whether all are alike, None where there is
    one. at_low, at_high: shares at the limits of the activation, or of the dtype for whole numbers; sure: share of the softmax's
    rows that are one number.
    """

    shape: tuple[int, ...] = ()
    dtype: str = ""
    size: int = 0
    bytes: int = 0
    nan: int = 0
    inf: int = 0
    odd: tuple[int, ...] | None = None
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    dead: int = 0
    channels: int = 0
    observed: int = 0
    same_samples: bool | None = None
    same_positions: bool | None = None
    at_low: float = 0.0
    at_high: float = 0.0
    sure: float = 0.0

    @property
    def finite(self) -> bool:
        return not (self.nan or self.inf)

    @property
    def all_zero(self) -> bool:
        return self.min == self.max == 0 and self.finite

    @property
    def largest(self) -> float:
        """The largest magnitude of the finite elements."""
        return max(abs(self.min or 0.0), abs(self.max or 0.0))

    @property
    def is_float(self) -> bool:
        return "float" in self.dtype or "complex" in self.dtype


def gauge(value: Any, look: Look) -> Gauge | None:
    """Measure a tensor; of a sequence, what its parts have together; None for what has no numbers."""
    if isinstance(value, list | tuple):
        return _together([gauge(part, Look()) for part in value])
    if not is_tensor(value):
        return None
    x = value.detach()
    x = torch.view_as_real(x) if x.is_complex() else _known(x)
    found = Gauge(tuple(value.shape), dtype_name(value), value.numel(), value.nbytes)
    if not value.numel():
        return found
    found = replace(found, **_numbers(x, look, found))
    if found.is_float and not value.is_complex():
        found = replace(found, **_alike(x, found.largest), **_channels(x, look, found.largest), **_rows(x, look))
    return found


def _known(x: Any) -> Any:
    """In a dtype that torch can look for the largest number of."""
    name = dtype_name(x)
    return x.float() if name.startswith("float8") else x.double() if name in ("uint16", "uint32", "uint64") else x


def _together(parts: list[Gauge | None]) -> Gauge | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    nan, inf, size = (sum(getattr(part, name) for part in known) for name in ("nan", "inf", "size"))
    ends = {name: [v for part in known if (v := getattr(part, name)) is not None] for name in ("min", "max")}
    least, most = min(ends["min"], default=None), max(ends["max"], default=None)
    return Gauge((), known[0].dtype, size, sum(part.bytes for part in known), nan, inf, min=least, max=most)


def _numbers(x: Any, look: Look, found: Gauge) -> dict[str, Any]:
    """Counts and moments in one go, chunk by chunk, the moments in float64."""
    low, high = _limits(x, look)
    nan = inf = count = at_low = at_high = 0
    odd, total, squares = None, 0.0, 0.0
    least, most = math.inf, -math.inf
    flat = x.reshape(-1)
    for start, part in zip(range(0, flat.numel(), CHUNK), flat.split(CHUNK), strict=True):
        first, last = _ends(part)
        if not math.isfinite(first + last):
            known = torch.isfinite(part)
            odd = start + int((~known).nonzero()[0]) if odd is None else odd
            nans = int(part.isnan().sum())
            nan, inf, part = nan + nans, inf + int((~known).sum()) - nans, part[known]
            if not part.numel():
                continue
            first, last = _ends(part)
        least, most = min(least, first), max(most, last)
        if low is not None and first <= low:
            at_low += int((part <= low).sum())
        if high is not None and last >= high:
            at_high += int((part >= high).sum())
        part = part.double()
        count, total, squares = count + part.numel(), total + float(part.sum()), squares + float(torch.dot(part, part))
    made: dict[str, Any] = {"nan": nan, "inf": inf, "at_low": at_low / found.size, "at_high": at_high / found.size}
    if odd is not None and tuple(x.shape) == found.shape:
        made["odd"] = _place(odd, found.shape)
    if count:
        mean = total / count
        made |= {"mean": mean, "std": math.sqrt(max(squares / count - mean * mean, 0.0)), "min": least, "max": most}
    return made


def _ends(part: Any) -> tuple[float, float]:
    least, most = part.aminmax() if part.dtype not in (torch.float16, torch.bfloat16) else part.float().aminmax()
    return float(least), float(most)


def _place(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    place = []
    for size in reversed(shape):
        place.append(flat % size)
        flat //= size
    return tuple(reversed(place))


def _limits(x: Any, look: Look) -> tuple[float | None, float | None]:
    """From where on an element is at a limit: the activation's, or the dtype's of small whole numbers."""
    if x.dtype in (torch.int8, torch.uint8):
        info = torch.iinfo(x.dtype)
        return float(info.min), float(info.max)
    if look.exact or look.low is None or look.high is None:
        return look.low, look.high
    near = NEAR * (look.high - look.low)
    return look.low + near, look.high - near


def _alike(x: Any, largest: float) -> dict[str, Any]:
    """Whether all samples are the same."""
    if x.ndim < 2 or x.shape[0] < 2:
        return {}
    flat = x.reshape(x.shape[0], -1)
    few = flat[:, :: max(1, flat.shape[1] // FEW)]
    quick = _same([few[1], few[-1]], few[0], largest)  # most samples differ, and are seen to by a few of their elements
    rows = max(1, CHUNK // max(flat.shape[1], 1))
    return {"same_samples": quick and _same(flat.split(rows), flat[:1], largest)}


def _same(parts: Any, first: Any, largest: float) -> bool:
    return all(float((part.double() - first.double()).abs().nan_to_num(torch.inf).max()) <= ALIKE * largest for part in parts)


def _channels(x: Any, look: Look, largest: float) -> dict[str, Any]:
    """How many channels are zero at every sample and position, and whether all positions are alike."""
    axis = look.channels
    if axis is None or x.ndim < 2 or not -x.ndim <= axis < x.ndim:
        return {}
    axis %= x.ndim
    others = [i for i in range(x.ndim) if i != axis]
    dead = (x.amax(others) == 0) & (x.amin(others) == 0)
    made: dict[str, Any] = {"dead": int(dead.sum()), "channels": x.shape[axis], "observed": x.numel() // max(x.shape[axis], 1)}
    positions = x.movedim(axis, -1).flatten(1, -2) if x.ndim > 2 and axis else None
    if positions is not None and positions.shape[1] > 1:
        first, count = positions[:, :1], positions.shape[1]
        quick = _same([positions[:, i : i + 1] for i in (1, count // 2, count - 1)], first, largest)
        made["same_positions"] = quick and _same([positions], first, largest)
    return made


def _rows(x: Any, look: Look) -> dict[str, Any]:
    """The share of a softmax's rows in which one number is all."""
    if look.rows is None or not -x.ndim <= look.rows < x.ndim or x.shape[look.rows] < 2:
        return {}
    top = x.amax(look.rows)
    return {"sure": float((top >= 1 - NEAR).double().mean())}

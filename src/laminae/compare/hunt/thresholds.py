"""From what on something is a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from laminae.base.errors import UsageError


@dataclass(frozen=True)
class Thresholds:
    """Each a number, with its default.

    dead: share of a layer's channels (units) that are zero everywhere, from which it is a warning; an output that is zero as a
    whole always is a finding. saturated: share of a sigmoid's, tanh's, softmax's or clipped activation's values at its limits.
    clipped: share of whole numbers at the limit of their dtype. limit: share of the largest number of its dtype beyond which a
    value is near it. growth: how many times the scale (standard deviation) may grow, or shrink, since the last normalization
    or the input; beyond its square it is a problem. elements: outputs with fewer elements are never called dead, constant,
    saturated or of another scale. observed: how many samples and positions a channel must be seen at. share: part of the time
    from which a layer is expensive. top: how many expensive layers are told.
    """

    dead: float = 0.5
    saturated: float = 0.9
    clipped: float = 0.05
    limit: float = 0.5
    growth: float = 1e4
    elements: int = 16
    observed: int = 256
    share: float = 0.1
    top: int = 3

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value < 0:
                raise UsageError(f"threshold {name}={value!r} is no number", {"expected": "a number, 0 or more"})


DEFAULTS = Thresholds()


def thresholds(given: Mapping[str, Any]) -> Thresholds:
    """The defaults with these in place. Raises UsageError for one that there is not."""
    known = {field.name: field.default for field in fields(Thresholds)}
    for name in given:
        if name not in known:
            there = ", ".join(f"{key}={value:g}" for key, value in known.items())
            raise UsageError(f"there is no threshold {name!r}", {"there are": there})
    return Thresholds(**given)

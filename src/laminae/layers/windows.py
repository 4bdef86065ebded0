"""What convolutions and pools share: how many spatial axes there are, and one number for each."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.errors import ShapeError
from laminae.graph import Value
from laminae.layers.arguments import Sizes, numbers
from laminae.layers.placing import Place


def spatial_rank(at: Place, x: Value) -> int:
    """How many axes of x come behind [batch, channels]. Raises ShapeError unless one, two or three."""
    return len(at.shape(x, 3, 5, meaning="[batch, channels, *sizes] with one, two or three sizes")) - 2


def per_axis(at: Place, what: str, sizes: Sizes, n: int) -> list[int]:
    """The number of each of n axes. Raises ShapeError where another count of numbers is given."""
    found = numbers(sizes) if isinstance(sizes, Sequence) else numbers(sizes) * n
    if len(found) != n:
        details = {"expected": f"one number, or {n}: one for each spatial axis of its input", "found": str(found)}
        raise at.error(ShapeError, f"cannot use its {what} here", details)
    return found

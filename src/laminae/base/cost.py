"""What a layer costs: arithmetic and memory traffic, each a number or not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What one run takes; None where the sizes that tell are not known.

    multiply_adds: operations on elements, a multiplication with the addition that follows it being one. bytes: of all that
    is read and made.
    """

    multiply_adds: int | None = None
    bytes: int | None = None

    def __add__(self, other: Cost) -> Cost:
        return Cost(_sum(self.multiply_adds, other.multiply_adds), _sum(self.bytes, other.bytes))

    def times(self, runs: int) -> Cost:
        """That of so many runs."""
        return Cost(*(None if n is None else n * runs for n in (self.multiply_adds, self.bytes)))

    def or_else(self, other: Cost) -> Cost:
        """That of one run or of another, where it is not known which: what both agree on."""
        return Cost(
            self.multiply_adds if self.multiply_adds == other.multiply_adds else None,
            self.bytes if self.bytes == other.bytes else None,
        )


NOTHING = Cost(0, 0)
NOT_KNOWN = Cost()


def total(costs: Iterable[Cost]) -> Cost:
    """Of all together; not known where one is not."""
    return sum(costs, start=NOTHING)


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b

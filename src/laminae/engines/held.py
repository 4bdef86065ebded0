"""What parameters held at one moment, and which of them hold others now."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.arrays import checksum, is_tensor, version
from laminae.graph import Parameter
from laminae.graph.parameter import ROLE


class Held:
    """Each parameter's tensor, how often torch had written to it, and a checksum of those whose changes torch does not count.

    One lent since then had, when it was lent, the values of then: torch would have counted a change before. Of the running
    statistics of a BatchNorm, which its training changes without being counted, the values are kept: they are small.
    """

    __slots__ = ("_known", "_lent", "_statistics")

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._known = [(p, p.array, version(p.array)) for p in parameters]
        self._lent = {p: checksum(p.array) for p in parameters if p.lent}
        statistics = (p for p in parameters if p.metadata.get(ROLE) == "statistic" and is_tensor(p.array))
        self._statistics = {p: p.array.detach().clone() for p in statistics}

    def changed(self) -> list[Parameter]:
        """Those that hold others than then."""
        return [p for p, array, before in self._known if p.array is not array or version(array) != before or self._written(p)]

    def _written(self, p: Parameter) -> bool:
        """Whether it was written to without being counted."""
        if p in self._statistics and checksum(p.array) != checksum(self._statistics[p]):
            return True
        return p.lent and checksum(p.array) != self._lent.get(p, p.lent_as)


NOTHING_HELD = Held(())

"""What the eye should fall on: layers that cost much of the time, and outputs that look wrong."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.records import LayerRecord, Statistics

FEW = 8
"""Among fewer layers than this nothing is called expensive."""


class Marks:
    """The marks of one forward pass."""

    def __init__(self, records: Sequence[LayerRecord]) -> None:
        self.total = sum(record.ms or 0.0 for record in records)
        self.enough = len(records) >= FEW
        self.usual = 1 / max(len(records), 1)

    def of(self, records: Sequence[LayerRecord]) -> str:
        """Of one row, a layer or a folded group: odd things first, then its part of the time."""
        stats = [out.statistics for record in records for out in record.outputs if out.statistics is not None]
        return ", ".join([*_odd(stats, len(records) == 1), *_unusual(records), *self._expensive(records)])

    def odd(self, mark: str) -> bool:
        return mark.startswith(("NaN", "Inf", "all zero"))

    def _expensive(self, records: Sequence[LayerRecord]) -> list[str]:
        share = sum(record.ms or 0.0 for record in records) / self.total if self.total else 0.0
        much = share >= 0.1 and share >= 3 * self.usual * len(records)
        return [f"{share:.0%} of time"] if self.enough and much else []


def _unusual(records: Sequence[LayerRecord]) -> list[str]:
    """That it was patched, and what alone is kept of it."""
    patched = sum(record.state == "patched" for record in records)
    found = [] if not patched else ["patched"] if len(records) == 1 else [f"{patched} patched"]
    parts = {out.kept for record in records for out in record.outputs if out.kept}
    return found + ([f"kept: {min(parts)}"] if len(parts) == 1 else ["kept in part"] if parts else [])


def _odd(stats: Sequence[Statistics], one: bool) -> list[str]:
    nan, inf = sum(s.nan for s in stats), sum(s.inf for s in stats)
    found = [f"{name} {n:,}" for name, n in (("NaN", nan), ("Inf", inf)) if n]
    return found + (["all zero"] if one and stats and all(s.zeros == 1.0 for s in stats) else [])

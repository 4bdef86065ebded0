"""Which of two epochs is the better one: by a loss or a metric, and from how small a difference on."""

from __future__ import annotations

from dataclasses import dataclass

from laminae.base.errors import UsageError
from laminae.base.learned import EpochRecord

LOSSES = ("loss", "validation")


@dataclass(frozen=True)
class Monitor:
    """name: "loss", "validation" or a metric; None: the loss on what was held out, where something was, else that of learning.

    higher: whether the higher is the better. least: how much better an epoch must be to be the best.
    """

    name: str | None = None
    higher: bool = False
    least: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.least, bool) or not isinstance(self.least, int | float) or not self.least >= 0:
            raise UsageError(f"min_delta={self.least!r} is no difference", {"expected": "a number, 0 or more"})

    def of(self, record: EpochRecord) -> float:
        """The number of an epoch; the lower, the better the epoch."""
        if self.name is None:
            return record.loss if record.validation is None else record.validation
        found = record.as_json()[self.name]
        return -float(found) if self.higher else float(found)

    @property
    def what(self) -> str:
        """In words: what did not get better."""
        return self.name if self.name not in (None, *LOSSES) else "loss"

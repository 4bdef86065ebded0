"""How far learning is: what moves from batch to batch beside the weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from laminae.base.learned import EpochRecord
from laminae.learn.monitor import Monitor


@dataclass
class Best:
    """The best epoch so far; its number is 0 while there is none. loss: what it was the best by, the lower the better."""

    loss: float = float("inf")
    epoch: int = 0

    def take(self, record: EpochRecord, monitor: Monitor) -> bool:
        """Take in an epoch; whether it is the best."""
        found = monitor.of(record)
        if found < self.loss - (monitor.least if self.epoch else 0.0):
            self.loss, self.epoch = found, record.epoch
        return self.epoch == record.epoch


@dataclass
class Place:
    """Between two batches, or two epochs.

    epochs: a record of each that was ended. Of the one that has begun: batch, samples: how many are done; total: the sum of the
    losses of these samples; seconds: how long it took; opened: the state of the generators when its batches were opened, of data
    that draw from them.
    """

    epochs: list[EpochRecord] = field(default_factory=list)
    best: Best = field(default_factory=Best)
    batch: int = 0
    samples: int = 0
    total: float = 0.0
    seconds: float = 0.0
    opened: Any = None

    @property
    def epoch(self) -> int:
        """The number of the epoch that has begun, or is to begin."""
        return len(self.epochs) + 1

    @property
    def loss(self) -> float:
        """The mean over the samples of the epoch so far."""
        return self.total / self.samples

    def take(self, loss: float, samples: int) -> None:
        """Take in a batch."""
        self.batch += 1
        self.total += loss * samples
        self.samples += samples

    def end(self, record: EpochRecord, monitor: Monitor) -> bool:
        """End the epoch; whether it is the best."""
        self.epochs.append(record)
        self.batch, self.samples, self.total, self.seconds, self.opened = 0, 0, 0.0, 0.0, None
        return self.best.take(record, monitor)

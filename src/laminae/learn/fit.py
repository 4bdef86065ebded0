"""Learning over batches and epochs: step after step, a record of each epoch, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.base.learned import EpochRecord
from laminae.data import sample_count
from laminae.learn.interrupt import Interrupt
from laminae.learn.not_finite import require_finite
from laminae.learn.step import Stepper

Batches = Callable[[int], Iterable[tuple[Any, Any]]]
"""Number of the epoch → its batches."""

Measure = Callable[[], tuple[float | None, tuple[tuple[str, float], ...]]]
"""The loss and the metrics on what was not learned from."""


@dataclass(frozen=True)
class Progress:
    """After a step. loss: of its batch. samples: done in this epoch, in so many seconds."""

    epoch: int
    batch: int
    loss: float
    samples: int
    seconds: float


@dataclass(frozen=True)
class Fitted:
    """epochs: a record of each that was ended. best: the number of the best, None where none was held out or looked for.

    stopped: why it ended before its last epoch, "" where it did not.
    """

    epochs: tuple[EpochRecord, ...]
    best: int | None = None
    stopped: str = ""


@dataclass
class Patience:
    """Stops when the loss (on held-out data where there are) has not fallen for so many epochs; the best weights come back."""

    epochs: int
    best: float = float("inf")
    at: int = 0
    _kept: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or isinstance(self.epochs, bool) or self.epochs < 1:
            raise UsageError(f"patience={self.epochs!r} is no number of epochs", {"expected": "a whole number, 1 or more"})

    def is_over(self, record: EpochRecord, step: Stepper) -> bool:
        """Take in an epoch; whether it was one too many without a better one."""
        loss = record.loss if record.validation is None else record.validation
        if loss < self.best:
            self.best, self.at = loss, record.epoch
            self._kept = {name: tensor.detach().clone() for name, tensor in step.state.items()}
        return record.epoch - self.at >= self.epochs

    def restore(self, step: Stepper) -> None:
        """The weights and statistics of the best epoch, in place."""
        with torch.no_grad():
            for name, tensor in step.state.items():
                tensor.copy_(self._kept[name])


def fit(
    step: Stepper,
    batches: Batches,
    epochs: int,
    *,
    measure: Measure = lambda: (None, ()),
    patience: Patience | None = None,
    each: Sequence[Callable[[Any], Any]] = (),
) -> Fitted:
    """Epoch after epoch of steps.

    each: called with a Progress after each step and with an EpochRecord after each epoch; one that returns True stops it. Ctrl-C
    ends the step at hand and then stops. Raises LayerError naming the layer where the loss is no number; UsageError without data.
    """
    done: list[EpochRecord] = []
    stopped = ""
    with Interrupt() as interrupt:
        for epoch in range(1, epochs + 1):
            record, stopped = _epoch(step, batches, epoch, each, interrupt)
            if stopped:
                break
            validation, metrics = measure()
            step.end_epoch(record.loss if validation is None else validation)
            record = EpochRecord(epoch, record.loss, record.samples, record.seconds, step.rate, validation, metrics)
            done.append(record)
            if patience is not None and patience.is_over(record, step):
                stopped = f"no better loss for {patience.epochs} epochs"
            if _asked(each, record):
                stopped = f"a callback stopped it after epoch {epoch}"
            if interrupt.asked:
                stopped = _interrupted(epoch, 0)
            if stopped:
                break
    if patience is not None and patience.at:
        patience.restore(step)
    return Fitted(tuple(done), None if patience is None else patience.at, stopped)


def _epoch(
    step: Stepper, batches: Batches, epoch: int, each: Sequence[Callable[[Any], Any]], interrupt: Interrupt
) -> tuple[EpochRecord, str]:
    total, samples, number = 0.0, 0, 0
    start = perf_counter()
    for number, (x, expected) in enumerate(batches(epoch - 1), 1):
        step.watch = partial(require_finite, step, x, torch.get_rng_state(), f"batch {number} of epoch {epoch}")
        loss = float(step(x, expected))
        count = sample_count(x)
        total, samples = total + loss * count, samples + count
        stop = _asked(each, Progress(epoch, number, loss, samples, perf_counter() - start))
        if interrupt.asked or stop:
            why = _interrupted(epoch, number) if interrupt.asked else f"a callback stopped it at batch {number} of epoch {epoch}"
            return EpochRecord(epoch, total / samples, samples, perf_counter() - start, step.rate), why
    if not samples:
        raise UsageError("there is no sample to learn from", {"expected": "at least one pair of input and expectation"})
    return EpochRecord(epoch, total / samples, samples, perf_counter() - start, step.rate), ""


def _asked(each: Sequence[Callable[[Any], Any]], told: Any) -> bool:
    """Whether one that was told wants it to stop; all are told."""
    answers = [call(told) is True for call in each]
    return any(answers)


def _interrupted(epoch: int, batch: int) -> str:
    return f"interrupted after {f'batch {batch} of ' if batch else ''}epoch {epoch}: the weights are as they were then"

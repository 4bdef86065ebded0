"""Learning over batches and epochs: step after step, a record of each epoch, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from time import perf_counter
from typing import Any

from laminae.base import torch
from laminae.base.errors import LaminaeError, UsageError
from laminae.base.learned import EpochRecord
from laminae.base.watched import Batch, Fitting, Progress
from laminae.data import sample_count
from laminae.learn.feed import Feed
from laminae.learn.interrupt import Interrupt
from laminae.learn.monitor import Monitor
from laminae.learn.not_finite import refuse
from laminae.learn.place import Place
from laminae.learn.step import Stepper
from laminae.learn.watchers import Watcher, Watchers

Measure = Callable[[], tuple[float | None, tuple[tuple[str, float], ...]]]
"""The loss and the metrics on what was not learned from."""


@dataclass(frozen=True)
class Fitted:
    """epochs: a record of each that was ended. best: the number of the best, None where none was held out or looked for.

    stopped: why it ended before its last epoch, "" where it did not. interrupted: whether that was Ctrl-C.
    """

    epochs: tuple[EpochRecord, ...]
    best: int | None = None
    stopped: str = ""
    interrupted: bool = False


@dataclass
class Patience:
    """Stops when the loss (on held-out data where there are) has not fallen for so many epochs; the best weights come back."""

    epochs: int
    kept: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or isinstance(self.epochs, bool) or self.epochs < 1:
            raise UsageError(f"patience={self.epochs!r} is no number of epochs", {"expected": "a whole number, 1 or more"})

    def keep(self, step: Stepper) -> None:
        """The weights (their averages, where those are kept) and statistics as they are: those of the best epoch."""
        with step.averaged():
            self.kept = {name: tensor.detach().clone() for name, tensor in step.state.items()}

    def is_over(self, place: Place) -> bool:
        """Whether there was one epoch too many without a better one."""
        return len(place.epochs) - place.best.epoch >= self.epochs

    def restore(self, step: Stepper) -> None:
        """The weights and statistics of the best epoch, in place."""
        with torch.no_grad():
            for name, tensor in step.state.items():
                tensor.copy_(self.kept[name])


class Keeper:
    """Is told of every place where learning could be gone on with; this one keeps nothing."""

    def stepped(self, place: Place, stopped: bool) -> None:
        """After a batch. stopped: it was the last one for now."""

    def ended(self, place: Place, better: bool, last: bool) -> None:
        """After an epoch. better: than all before. last: there is no other, or none for now."""

    def way_on(self) -> str:
        """How to go on, as the end of a sentence."""
        return ""

    def rows(self) -> dict[str, str]:
        """What an error that ends learning says of what is kept."""
        return {}


def fit(
    step: Stepper,
    feed: Feed,
    epochs: int,
    *,
    measure: Measure = lambda: (None, ()),
    patience: Patience | None = None,
    each: Sequence[Watcher] = (),
    place: Place | None = None,
    keeper: Keeper | None = None,
    monitor: Monitor | None = None,
) -> Fitted:
    """Epoch after epoch of steps.

    Where averages of the weights are kept, an epoch is measured with them, and they are the weights in the end. each: called
    with a Progress after each step and with an EpochRecord after each epoch; one that returns True stops it. place:
    where it goes on. Ctrl-C ends the step at hand and then stops. Raises LayerError naming the layer where the loss is no number;
    UsageError without data.
    """
    keeper = keeper or Keeper()
    if place is None:
        step.optimizer.zero_grad()  # derivatives that somebody left there are none of this run's
    monitor = monitor or Monitor()
    watchers, place = Watchers(each), place or Place()
    fitting = Fitting(step, epochs, feed.count, step.graph.name or "model", tuple(place.epochs), monitor.of)
    with Interrupt() as interrupt, watchers.during(fitting):
        loop = _Loop(step, feed, epochs, measure, patience, monitor, watchers, place, keeper, interrupt)
        try:
            stopped = loop.run()
        except LaminaeError as error:
            error.details |= {word: row for word, row in keeper.rows().items() if word not in error.details}
            raise
    if patience is not None and loop.place.best.epoch:
        patience.restore(step)
    elif step.average is not None:
        step.average.adopt()
    looked = patience is not None or type(keeper) is not Keeper
    return Fitted(tuple(loop.place.epochs), loop.place.best.epoch if looked else None, stopped, bool(stopped) and interrupt.asked)


@dataclass
class _Loop:
    step: Stepper
    feed: Feed
    epochs: int
    measure: Measure
    patience: Patience | None
    monitor: Monitor
    watchers: Watchers
    place: Place
    keeper: Keeper
    interrupt: Interrupt

    def run(self) -> str:
        """Why it stopped early, "" where it did not."""
        stopped = self._impatient() if self.place.epochs else ""
        while not stopped and len(self.place.epochs) < self.epochs:
            stopped = self._batches() or self._end()
        return stopped

    def _batches(self) -> str:
        """The rest of the epoch."""
        step, place, epoch = self.step, self.place, self.place.epoch
        start = perf_counter() - place.seconds
        for x, expected in self.feed.epoch(place):
            where = f"batch {place.batch + 1} of epoch {epoch}"
            at = (epoch, place.batch + 1, x, expected, torch.get_rng_state())
            step.watch = partial(_before_moving, step, self.watchers, at)
            loss = float(step(x, expected))
            place.take(loss, sample_count(x))
            place.seconds = perf_counter() - start
            stop = self.watchers.told(Progress(epoch, place.batch, loss, place.samples, place.seconds))
            stop_now = stop or self.interrupt.asked
            self.keeper.stepped(place, stop_now)
            if stop_now:
                return self._interrupted(where) if self.interrupt.asked else f"a callback stopped it at {where}"
            start = perf_counter() - place.seconds
        if not place.samples:
            raise UsageError("there is no sample to learn from", {"expected": "at least one pair of input and expectation"})
        return ""

    def _end(self) -> str:
        """Of the epoch: it is measured, and there may be reasons for it to be the last."""
        place, step = self.place, self.step
        with step.averaged():
            validation, metrics = self.measure()
        step.end_epoch(place.loss if validation is None else validation)
        record = EpochRecord(place.epoch, place.loss, place.samples, place.seconds, step.rate, validation, metrics)
        better = place.end(record, self.monitor)
        if better and self.patience is not None:
            self.patience.keep(step)
        stopped = self._impatient()
        if self.watchers.told(record):
            stopped = f"a callback stopped it after epoch {record.epoch}"
        self.keeper.ended(place, better, bool(stopped) or self.interrupt.asked or record.epoch >= self.epochs)
        return self._interrupted(f"epoch {record.epoch}") if self.interrupt.asked else stopped

    def _impatient(self) -> str:
        if self.patience is None or not self.patience.is_over(self.place):
            return ""
        return f"no better {self.monitor.what} for {self.patience.epochs} epochs"

    def _interrupted(self, where: str) -> str:
        return f"interrupted after {where}: the weights are as they were then{self.keeper.way_on()}"


def _before_moving(step: Stepper, watchers: Watchers, at: tuple[int, int, Any, Any, Any], loss: Any) -> None:
    """What stands between a backward pass and the move of the weights. at: what a Batch is made of."""
    if not isfinite(loss):
        refuse(step, Batch(*at, loss))
    if watchers.looks:
        watchers.backward(Batch(*at, loss.detach()))

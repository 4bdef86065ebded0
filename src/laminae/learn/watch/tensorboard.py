"""A run of learning as TensorBoard shows it: losses, rate and metrics as curves, weights and derivatives as histograms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from laminae.base.learned import EpochRecord
from laminae.base.statistics import histogram, statistics
from laminae.base.watched import Batch, Fitting, Progress
from laminae.data.order import whole
from laminae.files.events import Events
from laminae.learn.learnable import learnable, meant

PAUSE = 1.0
"""Seconds after which what was told is written to be read."""


class TensorBoard:
    """Event files in a folder; a run makes one more, where it is gone on with another one. The axis of all curves is the
    number of batches so far.

    `loss/batch` comes after each step, `rate` where it has changed; `loss/epoch`, `loss/held out`, `metrics/…` and
    `samples per second` after each epoch. histograms: weights by name, layer or glob, of which `weights/…` and `derivatives/…`
    are counted at each `every`-th step, as the step began.
    """

    def __init__(self, folder: str | os.PathLike[str], histograms: Sequence[str] | str | None = None, every: int = 100) -> None:
        self.folder, self.every = os.fspath(folder), whole(every, "every", 1)
        self.histograms = histograms
        self._events: Events | None = None
        self._chosen: list[str] = []
        self._step: Any = None
        self._rate: float | None = None
        self._next = 0.0

    def begin(self, fitting: Fitting) -> None:
        """Raises UnknownNameError where `histograms` mean no weight, FileError where no file can be."""
        step = self._step = fitting.step
        if self.histograms is not None:
            boxes = learnable(step.graph)
            chosen = meant(step.graph, boxes, self.histograms)
            self._chosen = [name for name, box in boxes.items() if box in chosen and name in step.weights]
        self._events, self._rate, self._next = Events(self.folder), None, perf_counter() + PAUSE
        if step.batches:
            self._events.begin(step.batches + 1)

    def backward(self, batch: Batch) -> None:
        """Count the chosen weights and their derivatives, at each `every`-th step."""
        if not self._chosen or self._step.batches % self.every:
            return
        for name in self._chosen:
            weight = self._step.weights[name]
            self._count(f"weights/{name}", weight)
            if weight.grad is not None:
                self._count(f"derivatives/{name}", weight.grad)

    def _count(self, tag: str, tensor: Any) -> None:
        assert self._events is not None
        self._events.histogram(tag, self._step.batches, histogram(tensor), statistics(tensor))

    def __call__(self, told: Progress | EpochRecord) -> None:
        events = self._events
        assert events is not None
        step = self._step.batches
        if isinstance(told, Progress):
            events.scalar("loss/batch", step, told.loss)
            self._tell_rate(events, step)
            if perf_counter() < self._next:
                return
        else:
            for tag, value in _of_epoch(told).items():
                events.scalar(tag, step, value)
        events.flush()
        self._next = perf_counter() + PAUSE

    def _tell_rate(self, events: Events, step: int) -> None:
        """Where it is another than before."""
        rate = self._step.rate
        if rate != self._rate:
            self._rate = rate
            events.scalar("rate", step, rate)

    def end(self) -> None:
        """Close the file; TensorBoard shows what it holds."""
        if self._events is not None:
            self._events.close()
            self._events = None


def _of_epoch(record: EpochRecord) -> dict[str, float]:
    held_out = {} if record.validation is None else {"loss/held out": record.validation}
    metrics = {f"metrics/{name}": value for name, value in record.metrics}
    return {"loss/epoch": record.loss, **held_out, **metrics, "samples per second": record.speed}

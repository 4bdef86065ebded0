"""What those who watch a run of learning are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from laminae.base.learned import EpochRecord


@dataclass(frozen=True, eq=False)
class Fitting:
    """Before the first step. step: the Stepper that learns. epochs: the last that is to come. name: of the model.

    batches: of an epoch, None where that shows only at its end. before: the epochs of a run that is gone on with. monitor: of an
    epoch's record, a number, the lower the better.
    """

    step: Any
    epochs: int
    batches: int | None = None
    name: str = ""
    before: tuple[EpochRecord, ...] = ()
    monitor: Callable[[EpochRecord], float] = lambda record: record.loss if record.validation is None else record.validation


@dataclass(frozen=True, eq=False)
class Batch:
    """Between the backward pass and the move: derivatives are in `step.weights[name].grad`, the weights are what made them.

    draws: the state of torch's generator before the forward pass. loss: of one element.
    """

    epoch: int
    number: int
    x: Any
    expected: Any
    draws: Any
    loss: Any = None

    @property
    def where(self) -> str:
        """In words: "batch 3 of epoch 2"."""
        return f"batch {self.number} of epoch {self.epoch}"


@dataclass(frozen=True)
class Progress:
    """After a step. loss: of its batch. samples: done in this epoch, in so many seconds."""

    epoch: int
    batch: int
    loss: float
    samples: int
    seconds: float


@dataclass(frozen=True)
class WeightStep:
    """A weight at one step. norm: before it. derivative: the norm of what it moved by. update: the norm of how far it moved."""

    name: str
    norm: float
    derivative: float | None
    update: float

    @property
    def ratio(self) -> float:
        """How far it moved, of its own size; infinite where it was zero."""
        return self.update / self.norm if self.norm else float("inf") if self.update else 0.0


@dataclass(frozen=True)
class LayerStep:
    """A layer at one step. step: how often the weights had moved before. index: its place in forward order.

    output, delta: the norms (the root of the sum of the squares, over the whole batch); None for what has none. kept_output,
    kept_delta: what a store rule kept of them.
    """

    step: int
    epoch: int
    index: int
    name: str
    op: str
    path: str
    output: float | None
    delta: float | None
    weights: tuple[WeightStep, ...] = ()
    kept_output: Any = field(default=None, compare=False, repr=False)
    kept_delta: Any = field(default=None, compare=False, repr=False)

"""Plain records of learning: what came to a layer in a backward pass, how derivatives compare with differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from laminae.base.shapes import Shape


@dataclass(frozen=True)
class DerivativeRecord:
    """Of one weight. norm: the root of the sum of its squares; largest: the largest absolute one; None where none came.

    frozen: it was to get none.
    """

    name: str
    shape: Shape
    norm: float | None = None
    largest: float | None = None
    frozen: bool = False


@dataclass(frozen=True)
class DeltaRecord:
    """What came to one turn of a layer. index: its place in forward order. zeros: share of exact zeros, 0 to 1.

    state: "" where a delta came, else in words why there is none. value: of the first output, None where it is not stored.
    """

    index: int
    name: str
    op: str
    path: str
    shape: Shape | None = None
    norm: float | None = None
    largest: float | None = None
    zeros: float | None = None
    weights: tuple[DerivativeRecord, ...] = ()
    state: str = ""
    value: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class CheckRecord:
    """Derivatives held against differences, of a layer's delta or of a weight (then `weight` is its name).

    error: ‖a − n‖ ⁄ (‖a‖ + ‖n‖) over the elements that were checked, 0 where both are zero. checked: how many elements; of them
    `kinks` were left out, for a kink stood between the two points of the difference.
    """

    index: int
    layer: str
    op: str
    weight: str
    elements: int
    checked: int
    kinks: int
    error: float
    correct: bool


@dataclass(frozen=True)
class LearnsRecord:
    """A parameter of floats. learns: whether a loss may move it; `because`: why not. readers: layers. folded: of which of
    the module's tensors an exporter has computed it. joined: whether it has put what followed into it, a BatchNorm most likely.
    """

    name: str
    shape: Shape
    readers: tuple[str, ...]
    learns: bool
    because: str = ""
    folded: str = ""
    joined: bool = False


@dataclass(frozen=True)
class EpochRecord:
    """One time through the data. loss: the mean over its samples, as the weights were at each batch. seconds: of learning alone.

    validation: the loss on what was not learned from, None where nothing was held out. metrics: on that, by name. rate: the
    learning rate at its end.
    """

    epoch: int
    loss: float
    samples: int
    seconds: float
    rate: float
    validation: float | None = None
    metrics: tuple[tuple[str, float], ...] = ()

    @property
    def speed(self) -> float:
        """Samples per second."""
        return self.samples / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain numbers by name, each metric under its own."""
        found = {"epoch": self.epoch, "loss": self.loss, "validation": self.validation, **dict(self.metrics)}
        return {**found, "rate": self.rate, "samples": self.samples, "seconds": self.seconds}

"""Losses of numbers: output and expectation have one shape and dtype."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from laminae.graph import Value
from laminae.learn.losses.holding import number, one_of, same_shape
from laminae.learn.losses.loss import REDUCTIONS, Loss, Site


@dataclass(frozen=True, repr=False)
class SquaredError(Loss):
    """Squared error, (y − t)²: over all elements the "mean" or the "sum"; "half": ½Σ(y − t)² of each sample, averaged over the
    samples.

    Output and expectation have one shape and dtype: ShapeError or DTypeError where they do not.
    """

    reduction: str = "mean"
    name: ClassVar[str] = "mse"

    def __post_init__(self) -> None:
        one_of("reduction", self.reduction, ("mean", "sum", "half"))

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        return (same_shape(expected, output, name),)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        if self.reduction != "half":
            return site.layer("mse_loss", output, *expected, reduction=REDUCTIONS[self.reduction])
        error = site.layer("sub.Tensor", output, *expected)
        squares = site.layer("square", error)
        return site.layer("mul.Scalar", site.mean_over_samples(squares, site.rank), other=0.5)


@dataclass(frozen=True, repr=False)
class AbsoluteError(Loss):
    """|y − t|: over all elements the "mean" or the "sum".

    Output and expectation have one shape and dtype: ShapeError or DTypeError where they do not.
    """

    reduction: str = "mean"
    name: ClassVar[str] = "l1"

    def __post_init__(self) -> None:
        one_of("reduction", self.reduction, ("mean", "sum"))

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        return (same_shape(expected, output, name),)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        return site.layer("l1_loss", output, *expected, reduction=REDUCTIONS[self.reduction])


@dataclass(frozen=True, repr=False)
class Huber(Loss):
    """½(y − t)² where |y − t| < delta, else delta · (|y − t| − ½ delta); "mean" or "sum". Huber 1964.

    Output and expectation have one shape and dtype: ShapeError or DTypeError where they do not.
    """

    delta: float = 1.0
    reduction: str = "mean"
    name: ClassVar[str] = "huber"

    def __post_init__(self) -> None:
        one_of("reduction", self.reduction, ("mean", "sum"))
        number("delta", self.delta, least=0, above=True)

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        return (same_shape(expected, output, name),)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        return site.layer("huber_loss", output, *expected, reduction=REDUCTIONS[self.reduction], delta=self.delta)


@dataclass(frozen=True, repr=False)
class Cosine(Loss):
    """1 − cos(y, t) along the last axis: the mean over all vectors.

    Output and expectation have one shape and dtype: ShapeError or DTypeError where they do not.
    """

    name: ClassVar[str] = "cosine"

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        return (same_shape(expected, output, name),)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        along = site.layer("cosine_similarity", output, *expected, dim=-1)
        return site.layer("mean", site.layer("rsub.Scalar", along, other=1))

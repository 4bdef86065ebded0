"""Losses of classes: scores [batch, classes, ...] held against ids [batch, ...], or probabilities of the scores' shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.graph import Parameter, Value
from laminae.learn.losses.holding import class_ids, class_weights, floats, number, one_of, require_ids, same_shape
from laminae.learn.losses.loss import REDUCTIONS, Loss, Site

IGNORED = -100
"""The id that torch leaves out unless told otherwise."""


@dataclass(frozen=True, repr=False)
class CrossEntropy(Loss):
    """−Σ t log softmax(y) of each sample; the output is logits. Over samples the (weighted) "mean", or the "sum".

    expectation: ids [batch, ...], or probabilities of the output's shape and dtype. weights: one for each class. ignore: an id
    that does not count. smoothing: how much of each expectation is spread evenly over all classes, 0 to 1. Szegedy et al. 2016,
    section 7. Raises ShapeError, DTypeError where output and expectation do not fit, UsageError naming the sample of an id that
    is no class.
    """

    weights: tuple[float, ...] | None = None
    ignore: int = IGNORED
    smoothing: float = 0.0
    reduction: str = "mean"
    name: ClassVar[str] = "cross_entropy"

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", floats(self.weights))
        one_of("reduction", self.reduction, ("mean", "sum"))
        number("smoothing", self.smoothing, least=0, most=1)

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        class_weights(self.weights, output, name)
        if _is_floats(expected) and tuple(getattr(expected, "shape", ())) == tuple(output.shape):
            return (same_shape(expected, output, name),)
        ids = class_ids(expected, output, name)
        if ids.device.type != "cpu":  # there torch cannot say which id it was
            require_ids(ids, _classes(output), name, self.ignore)
        return (ids,)

    def blame(self, output: Any, expected: tuple[Any, ...], name: str) -> None:
        if not expected[0].is_floating_point():
            require_ids(expected[0], _classes(output), name, self.ignore)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        weights = _weights(site, self.weights)
        told: dict[str, Any] = {"ignore_index": self.ignore, "label_smoothing": self.smoothing}
        return site.layer("cross_entropy_loss", output, *expected, weights, reduction=REDUCTIONS[self.reduction], **told)


@dataclass(frozen=True, repr=False)
class LogLikelihood(Loss):
    """−y[t] of each sample; the output is log-probabilities [batch, classes, ...], the expectation ids [batch, ...].

    weights, ignore, reduction, and what is raised: as for cross_entropy.
    """

    weights: tuple[float, ...] | None = None
    ignore: int = IGNORED
    reduction: str = "mean"
    name: ClassVar[str] = "nll"

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", floats(self.weights))
        one_of("reduction", self.reduction, ("mean", "sum"))

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        class_weights(self.weights, output, name)
        ids = class_ids(expected, output, name)
        if ids.device.type != "cpu":
            require_ids(ids, _classes(output), name, self.ignore)
        return (ids,)

    def blame(self, output: Any, expected: tuple[Any, ...], name: str) -> None:
        require_ids(expected[0], _classes(output), name, self.ignore)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        weights = _weights(site, self.weights)
        told: dict[str, Any] = {"reduction": REDUCTIONS[self.reduction], "ignore_index": self.ignore}
        return site.layer("nll_loss_nd", output, *expected, weights, **told)


@dataclass(frozen=True, repr=False)
class Divergence(Loss):
    """Kullback–Leibler: Σ t (log t − y) of each sample, averaged over the samples; the output is log-probabilities.

    expectation: probabilities of the output's shape and dtype; logs: their logarithms. ShapeError or DTypeError where it is of
    another.
    """

    logs: bool = False
    name: ClassVar[str] = "kl"

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        return (same_shape(expected, output, name),)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        each = site.layer("kl_div", output, *expected, reduction=REDUCTIONS["none"], log_target=self.logs)
        return site.mean_over_samples(each, site.rank)


@dataclass(frozen=True, repr=False)
class Hinge(Loss):
    """max(0, margin − t y), the mean over all elements, of expectations −1 and 1 of the output's shape and dtype.

    Of class ids [batch] and scores [batch, classes]: Σ max(0, margin − y[t] + y[c]) / classes over the other classes c,
    averaged over the samples. Crammer, Singer 2001.
    """

    margin: float = 1.0
    name: ClassVar[str] = "hinge"

    def __post_init__(self) -> None:
        number("margin", self.margin, least=0, above=True)

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        if _is_floats(expected) or tuple(getattr(expected, "shape", ())) == tuple(output.shape):
            return (same_shape(expected, output, name),)
        ids = class_ids(expected, output, name)
        if ids.device.type != "cpu":
            require_ids(ids, _classes(output), name)
        return (ids,)

    def blame(self, output: Any, expected: tuple[Any, ...], name: str) -> None:
        if not expected[0].is_floating_point():
            require_ids(expected[0], _classes(output), name)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        if "float" not in site.expected[0][0]:
            return site.layer("multi_margin_loss", output, *expected, p=1, margin=self.margin)
        agreement = site.layer("mul.Tensor", output, *expected)
        return site.layer("mean", site.layer("relu", site.layer("rsub.Scalar", agreement, other=self.margin)))


def _is_floats(expected: Any) -> bool:
    if is_tensor(expected):
        return bool(expected.is_floating_point())
    return getattr(getattr(expected, "dtype", None), "kind", "") == "f"


def _classes(output: Any) -> int:
    return int(output.shape[1] if output.ndim > 1 else output.shape[0])


def _weights(site: Site, weights: tuple[float, ...] | None) -> Parameter | None:
    if weights is None:
        return None
    return site.constant("weights", torch.tensor(weights, dtype=getattr(torch, site.dtype)))

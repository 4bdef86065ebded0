"""The loss of yes and no: each element of the output is a probability, or its logit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.graph import Value
from laminae.learn.losses.holding import number, one_of, same_shape
from laminae.learn.losses.loss import REDUCTIONS, Loss, Site


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """−t log y − (1 − t) log(1 − y): over all elements the "mean" or the "sum". The expectation has the output's shape and dtype.

    logits: the output is before the sigmoid, which is part of the loss then (and exact where y would round to 0 or 1).
    positive: how much more an element that should be 1 counts, with logits only.
    """

    logits: bool = False
    positive: float = 1.0
    reduction: str = "mean"
    name: ClassVar[str] = "bce"

    def __post_init__(self) -> None:
        one_of("reduction", self.reduction, ("mean", "sum"))
        number("positive", self.positive, least=0, above=True)
        if self.positive != 1 and not self.logits:
            raise UsageError("positive= needs logits=True", {"write": f"loss.bce(logits=True, positive={self.positive})"})

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        return (same_shape(expected, output, name),)

    def blame(self, output: Any, expected: tuple[Any, ...], name: str) -> None:
        for what, values in (("expectation", expected[0]), ("output", output)):
            wrong = ~((values >= 0) & (values <= 1))
            if bool(wrong.any()):
                at = [int(i) for i in wrong.nonzero()[0]]
                out = what == "output" and not self.logits
                way = {"the way out": "loss.bce(logits=True), if the output is logits"} if out else {}
                error = UsageError(
                    f"the {what} of {name!r} is no probability at {at}",
                    {"found": float(values[tuple(at)]), "expected": "0 to 1", **way},
                )
                error.sample = at[0] if at else None
                raise error

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        reduction = REDUCTIONS[self.reduction]
        if not self.logits:
            return site.layer("binary_cross_entropy", output, *expected, reduction=reduction)
        more = None
        if self.positive != 1:
            more = site.constant("positive", torch.tensor(self.positive, dtype=getattr(torch, site.dtype)))
        return site.layer("binary_cross_entropy_with_logits", output, *expected, None, more, reduction=reduction)

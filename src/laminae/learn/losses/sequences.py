"""Connectionist temporal classification: a sequence of class scores held against a shorter sequence of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from laminae.base import torch
from laminae.base.errors import DTypeError, ShapeError, UsageError
from laminae.base.shapes import format_shape
from laminae.graph import Value
from laminae.learn.losses.holding import one_of, tensor_of
from laminae.learn.losses.loss import REDUCTIONS, Loss, Site


@dataclass(frozen=True, repr=False)
class Alignment(Loss):
    """CTC: −log of the probability of all alignments. The output is log-probabilities [time, batch, classes].

    expectation: a tuple of ids [batch, longest] and how many of each count [batch], and, where the output's sequences are not
    all of full length, their lengths [batch] third; or these as a dict: targets, target_lengths, input_lengths. blank: the id
    of nothing. infinite: keep the loss of a sequence that no alignment fits as it is, infinite, rather than 0. Graves et al.
    2006.
    """

    blank: int = 0
    reduction: str = "mean"
    infinite: bool = False
    name: ClassVar[str] = "ctc"
    parts: ClassVar[tuple[str, ...]] = ("targets", "input_lengths", "target_lengths")

    def __post_init__(self) -> None:
        one_of("reduction", self.reduction, ("mean", "sum"))

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        if output.ndim != 3:
            raise ShapeError(
                f"output {name!r} is no sequence of scores",
                {"expected": "[time, batch, classes]", "found": format_shape(tuple(output.shape))},
            )
        time, batch, classes = output.shape
        given = _given(expected)
        targets, lengths = (_whole(given[part], output, part) for part in ("targets", "target_lengths"))
        known = given.get("input_lengths")
        inputs = torch.full((batch,), time, dtype=torch.int64) if known is None else _whole(known, output, "input_lengths")
        for part, found, shape in (
            ("targets", targets, (batch, -1)),
            ("target_lengths", lengths, (batch,)),
            ("input_lengths", inputs, (batch,)),
        ):
            if found.ndim != len(shape) or found.shape[0] != batch:
                rows = {
                    "expected": format_shape(tuple("longest" if n < 0 else n for n in shape)),
                    "found": format_shape(tuple(found.shape)),
                }
                raise ShapeError(f"{part} of output {name!r} have another shape", rows)
        if not 0 <= self.blank < classes:
            raise UsageError(f"blank={self.blank} is no class of output {name!r}", {"expected": f"0 to {classes - 1}"})
        self._require(targets, lengths, inputs, time, classes)
        return targets, inputs, lengths

    def _require(self, targets: Any, lengths: Any, inputs: Any, time: int, classes: int) -> None:
        """torch itself reads past the end where these are not so."""
        for what, found, most in (("target", lengths, targets.shape[1]), ("input", inputs, time)):
            wrong = ((found < 0) | (found > most)).nonzero()
            if wrong.numel():
                sample = int(wrong[0])
                raise UsageError(f"the {what} length of sample {sample} is {int(found[sample])}", {"expected": f"0 to {most}"})
        counts = torch.arange(targets.shape[1], device=targets.device) < lengths[:, None]
        wrong = (((targets < 0) | (targets >= classes) | (targets == self.blank)) & counts).nonzero()
        if wrong.numel():
            at = tuple(int(i) for i in wrong[0])
            because = "that is the blank" if int(targets[at]) == self.blank else f"there are classes 0 to {classes - 1}"
            raise UsageError(f"class id {int(targets[at])} of sample {at[0]}, at {list(at[1:])}, cannot be", {"because": because})

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        told: dict[str, Any] = {"blank": self.blank, "reduction": REDUCTIONS[self.reduction], "zero_infinity": not self.infinite}
        return site.layer("ctc_loss.Tensor", output, *expected, **told)


def _given(expected: Any) -> dict[str, Any]:
    if isinstance(expected, Mapping):
        given = dict(expected)
    elif isinstance(expected, tuple | list) and len(expected) in (2, 3):
        given = dict(zip(("targets", "target_lengths", "input_lengths"), expected, strict=False))
    else:
        given = {}
    if not {"targets", "target_lengths"} <= given.keys() <= set(Alignment.parts):
        raise UsageError(
            "the expectation of ctc is in parts",
            {"expected": "(targets, target_lengths) or (targets, target_lengths, input_lengths)"},
        )
    return given


def _whole(values: Any, output: Any, part: str) -> Any:
    found = tensor_of(values, output, dtype=torch.int64)
    if found.is_floating_point():
        raise DTypeError(f"{part} are whole numbers", {"found": str(found.dtype).removeprefix("torch.")})
    return found.to(torch.int64)

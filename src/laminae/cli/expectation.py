"""What the target is, which loss goes with it, and how the expectation is brought to the output's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import UsageError
from laminae.base.shapes import format_shape
from laminae.cli.data import output_shape
from laminae.data.expecting import Expecting

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.data.interface import Samples
    from laminae.learn.losses import Loss

IDS = ("cross_entropy", "nll", "hinge")
"""Losses of which the expectation may be class ids."""

AS_IT_IS = ("ctc", "function")


@dataclass(frozen=True)
class Target:
    """What is expected of an output. classes: whether it is ids; why: in words. width: the numbers or classes the output has."""

    classes: bool
    why: str
    width: int | None
    operator: str


def target_of(model: Model, samples: Samples, output: str | int | None = None) -> Target:
    """Looked at one sample. Raises UsageError where there is none, or nothing is expected."""
    if not len(samples):
        raise UsageError("there is no sample to learn from", {"expected": "at least one pair of input and expectation"})
    from laminae.learn.derived import place_of

    place = place_of(model.graph, output)
    value, shape = model.graph.outputs[place], output_shape(model, place) or ()
    width = shape[1] if len(shape) > 1 and isinstance(shape[1], int) else None
    operator = getattr(getattr(value, "producer", None), "operator", "")
    expected = samples.expected(np.array([0]))
    if expected is None:
        raise UsageError("these data have no expectation", {"give": "--target COLUMN, or an .npz with x and y"})
    known = samples.classes
    if known is not None:
        return Target(True, f"the target is {len(known)} classes", width, operator)
    array = as_numpy(expected) if not isinstance(expected, tuple | dict) else np.zeros(0)
    if array.dtype.kind in "iu" and array.ndim == 1 and width is not None and width > 1:
        return Target(True, "the target is whole numbers, and the output a number for each class", width, operator)
    return Target(False, "the target is numbers", width, operator)


def usual_loss(target: Target) -> tuple[Loss, str]:
    """The loss that goes with a target, and why."""
    from laminae.learn.losses import loss_of

    if not target.classes:
        return loss_of("mse"), target.why
    if target.width == 1 or target.width is None:
        said = {"loss": "bce"} if target.operator == "Sigmoid" else {"loss": "bce", "logits": True}
        return loss_of(said), f"{target.why} and the output one number"
    if target.operator == "LogSoftmax":
        return loss_of("nll"), f"{target.why} and the output logarithms of probabilities"
    return loss_of("cross_entropy"), target.why


def usual_metrics(target: Target) -> list[str]:
    return ["accuracy"] if target.classes else ["mae", "r2"]


def notes(target: Target, loss: Loss, samples: Samples) -> list[str]:
    """What is odd, and no error."""
    found = []
    if loss.name == "cross_entropy" and target.operator == "Softmax":
        found.append("The output is a Softmax's, and cross_entropy takes one itself: without that last layer it learns faster.")
    known = samples.classes
    if known is not None and target.width is not None and 1 < len(known) < target.width:
        found.append(f"The model has {target.width} classes, the data {len(known)}: the others are never right.")
    return found


def expecting(samples: Samples, model: Model, target: Target, loss: Loss, output: str | int | None = None) -> Expecting:
    """The samples, their expectation in the dtype and rank that the loss wants. Raises UsageError for too many classes."""
    from laminae.learn.derived import place_of

    place = place_of(model.graph, output)
    value, shape = model.graph.outputs[place], output_shape(model, place)
    first = samples.expected(np.array([0]))
    floats = not isinstance(first, tuple | dict) and as_numpy(first).dtype.kind == "f"
    if loss.name in AS_IT_IS or (loss.name in IDS and not floats):
        _require_few(samples, target, loss, shape)
        return Expecting(samples, ids=target.width if loss.name in IDS and target.width != 1 else None)
    if loss.name in IDS:
        return Expecting(samples)
    column = shape is not None and len(shape) == 2 and shape[1] == 1
    return Expecting(samples, dtype=value.dtype or "float32", column=column)


def _require_few(samples: Samples, target: Target, loss: Loss, shape: Any) -> None:
    known = samples.classes
    if loss.name in IDS and known is not None and target.width is not None and len(known) > target.width:
        details = {
            "classes": ", ".join(known.names[:8]) + (" …" if len(known) > 8 else ""),
            "output": format_shape(shape),
            "the way out": f"a model with {len(known)} outputs",
        }
        raise UsageError(f"the data have {len(known)} classes, the model {target.width}", details)

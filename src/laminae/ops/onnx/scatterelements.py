"""ScatterElements. https://onnx.ai/onnx/operators/onnx__ScatterElements.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, same_shape
from laminae.ops.bits import counted, movable, restored
from laminae.ops.costs import combing
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of

REDUCE = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}
"""ONNX's words for reductions, and torch's."""


def scatterelements_shape(data, indices, updates, *, axis=0, reduction="none"):
    if data.dims is not None:
        axis_of(axis, data.rank)
    if not same_shape(indices.dims, updates.dims):
        raise ShapeError(
            "indices and updates differ", {"indices": format_shape(indices.dims), "updates": format_shape(updates.dims)}
        )
    return Spec(data.dtype, data.dims)


@operator("ScatterElements", since=11, kind="selection", shape=scatterelements_shape, cost=combing)
def scatterelements(data, indices, updates, *, axis=0, reduction="none"):
    """`data` with updates[i] put at (or added to, …) the place indices[i] along `axis`; shape of `data`."""
    if indices.shape != updates.shape:
        shapes = {"indices": format_shape(indices.shape), "updates": format_shape(updates.shape)}
        raise ShapeError("indices and updates differ", shapes)
    return counted(lambda i: _written(data, axis, i, updates, reduction), indices.long(), data.shape[axis])


def _written(data, axis, places, updates, reduction):
    if reduction == "none":
        return restored(torch.scatter(movable(data), axis, places, movable(updates)), data.dtype)
    return combined(data, axis, places, updates, reduction)


def torch_word(reduction):
    """Raises AttributeValueError for a reduction that there is not."""
    if reduction not in REDUCE:
        raise AttributeValueError(f"reduction {reduction!r} is not known", {"known": ", ".join(("none", *REDUCE))})
    return REDUCE[reduction]


def combined(data, axis, places, updates, reduction):
    """torch's scatter_reduce. Dtypes it lacks: as signed integers, for max and min in the same order."""
    if movable(data) is data:
        return torch.scatter_reduce(data, axis, places, updates, torch_word(reduction))
    kind = movable(data).dtype
    zero = torch.iinfo(kind).min if reduction in ("max", "min") else 0
    signed = torch.scatter_reduce(movable(data) ^ zero, axis, places, movable(updates) ^ zero, torch_word(reduction))
    return restored(signed ^ zero, data.dtype)

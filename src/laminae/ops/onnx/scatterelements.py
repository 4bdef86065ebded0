"""ScatterElements. https://onnx.ai/onnx/operators/onnx__ScatterElements.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, same_shape
from laminae.ops.bits import movable, restored
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


@operator("ScatterElements", since=11, kind="selection", shape=scatterelements_shape)
def scatterelements(data, indices, updates, *, axis=0, reduction="none"):
    """`data` with updates[i] put at (or added to, …) the place indices[i] along `axis`; shape of `data`."""
    places = torch.where(indices < 0, indices + data.shape[axis], indices).long()
    if reduction == "none":
        return restored(torch.scatter(movable(data), axis, places, movable(updates)), data.dtype)
    return torch.scatter_reduce(data, axis, places, updates, REDUCE[reduction])

"""GatherElements. https://onnx.ai/onnx/operators/onnx__GatherElements.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.bits import counted, movable, restored
from laminae.ops.costs import picked
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of


def gatherelements_shape(data, indices, *, axis=0):
    if data.dims is not None and indices.dims is not None:
        axis_of(axis, data.rank)
        if data.rank != indices.rank:
            raise ShapeError("ranks differ", {"data": format_shape(data.shape), "indices": format_shape(indices.shape)})
    return Spec(data.dtype, indices.dims)


@operator("GatherElements", since=11, kind="selection", shape=gatherelements_shape, cost=picked)
def gatherelements(data, indices, *, axis=0):
    """data[..., indices[..., i, ...], ...] at each place of `indices`, counted along `axis`; shape of `indices`."""
    return restored(counted(lambda i: torch.gather(movable(data), axis, i), indices.long(), data.shape[axis]), data.dtype)

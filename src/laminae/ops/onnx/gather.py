"""Gather. https://onnx.ai/onnx/operators/onnx__Gather.html"""

import numpy as np

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, Unknown
from laminae.ops.bits import chosen, counted
from laminae.ops.costs import picked
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_array, moved


def gather_shape(data, indices, *, axis=0):
    axis = axis_of(axis, data.rank)
    dims = data.shape[:axis] + indices.shape + data.shape[axis + 1 :]
    try:
        places, n = int_array(indices), data.shape[axis]
    except Unknown:
        return Spec(data.dtype, dims)
    if isinstance(n, int) and places.size and not -n <= places.min() <= places.max() < n:
        raise ShapeError(
            "an index is outside the data", {"expected": f"{-n} to {n - 1}", "found": f"{places.min()} to {places.max()}"}
        )
    return moved(data, dims, lambda content: np.take(content, places, axis))


@operator("Gather", kind="selection", shape=gather_shape, cost=picked, aliases=True)
def gather(data, indices, *, axis=0):
    """The entries of `data` along `axis` that `indices` names; data.shape[:axis] + indices.shape + data.shape[axis + 1:]."""
    if indices.ndim == 0:
        return data.select(axis, indices.item())
    n = data.shape[axis]
    if axis == 0 and data.ndim == 2:
        return counted(lambda places: torch.embedding(data, places), indices, n)
    found = counted(lambda places: chosen(data, axis, places), indices.flatten(), n)
    axis = axis % data.ndim
    return found if indices.ndim == 1 else found.reshape(data.shape[:axis] + indices.shape + data.shape[axis + 1 :])

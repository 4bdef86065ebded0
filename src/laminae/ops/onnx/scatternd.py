"""ScatterND. https://onnx.ai/onnx/operators/onnx__ScatterND.html"""

import math

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, same_shape
from laminae.ops.bits import movable, restored
from laminae.ops.onnx.scatterelements import REDUCE
from laminae.ops.registry import operator


def scatternd_shape(data, indices, updates, *, reduction="none"):
    if data.dims is not None and indices.dims and isinstance(indices.dims[-1], int):
        depth = indices.dims[-1]
        expected = indices.dims[:-1] + data.dims[depth:]
        if depth > data.rank or not same_shape(expected, updates.dims):
            found = f"data {format_shape(data.dims)}, indices {format_shape(indices.dims)}, updates {format_shape(updates.dims)}"
            raise ShapeError("updates do not fit", {"expected": f"updates {format_shape(expected)}", "found": found})
    return Spec(data.dtype, data.dims)


@operator("ScatterND", since=11, kind="selection", shape=scatternd_shape)
def scatternd(data, indices, updates, *, reduction="none"):
    """`data` with updates put at (or added to, …) data[i, j, …] for each (i, j, …) in the last axis of `indices`."""
    if reduction == "none":
        return restored(movable(data).index_put(indices.long().unbind(-1), movable(updates)), data.dtype)
    if reduction == "add":
        return data.index_put(indices.long().unbind(-1), updates, accumulate=True)
    depth = indices.shape[-1]
    places = torch.zeros(indices.shape[:-1], dtype=torch.int64, device=data.device)
    for place, n in zip(indices.unbind(-1), data.shape, strict=False):
        places = places * n + torch.where(place < 0, place + n, place)
    size = math.prod(data.shape[depth:])
    rows, new = data.reshape(math.prod(data.shape[:depth]), size), updates.reshape(places.numel(), size)
    return torch.scatter_reduce(rows, 0, places.reshape(-1, 1).expand_as(new), new, REDUCE[reduction]).reshape(data.shape)

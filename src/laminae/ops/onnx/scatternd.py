"""ScatterND. https://onnx.ai/onnx/operators/onnx__ScatterND.html"""

import math

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, same_shape
from laminae.ops.bits import movable, restored
from laminae.ops.costs import combing
from laminae.ops.onnx.scatterelements import combined
from laminae.ops.registry import operator


def scatternd_shape(data, indices, updates, *, reduction="none"):
    if data.dims is not None and indices.dims and isinstance(indices.dims[-1], int):
        depth = indices.dims[-1]
        expected = indices.dims[:-1] + data.dims[depth:]
        if depth > data.rank or not same_shape(expected, updates.dims):
            found = f"data {format_shape(data.dims)}, indices {format_shape(indices.dims)}, updates {format_shape(updates.dims)}"
            raise ShapeError("updates do not fit", {"expected": f"updates {format_shape(expected)}", "found": found})
    return Spec(data.dtype, data.dims)


@operator("ScatterND", since=11, kind="selection", shape=scatternd_shape, cost=combing)
def scatternd(data, indices, updates, *, reduction="none"):
    """`data` with updates put at (or added to, …) data[i, j, …] for each (i, j, …) in the last axis of `indices`."""
    depth = indices.shape[-1]
    if updates.shape != indices.shape[:-1] + data.shape[depth:]:
        raise ShapeError("updates do not fit", {"expected": format_shape(indices.shape[:-1] + data.shape[depth:])})
    if reduction == "none":
        return restored(movable(data).index_put(indices.long().unbind(-1), movable(updates)), data.dtype)
    if reduction == "add":
        return restored(movable(data).index_put(indices.long().unbind(-1), movable(updates), accumulate=True), data.dtype)
    places = torch.zeros(indices.shape[:-1], dtype=torch.int64, device=data.device)
    for place, n in zip(indices.unbind(-1), data.shape, strict=False):
        place = torch.where(place < 0, place + n, place)
        if not ((place >= 0) & (place < n)).all():
            raise ShapeError("an index is outside the data", {"expected": f"{-n} to {n - 1}"})
        places = places * n + place
    size = math.prod(data.shape[depth:])
    rows, new = data.reshape(math.prod(data.shape[:depth]), size), updates.reshape(places.numel(), size)
    return combined(rows, 0, places.reshape(-1, 1).expand(new.shape), new, reduction).reshape(data.shape)

"""GatherND. https://onnx.ai/onnx/operators/onnx__GatherND.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, Unknown, format_shape, same_shape
from laminae.ops.costs import picked
from laminae.ops.registry import operator


def gathernd_shape(data, indices, *, batch_dims=0):
    depth = indices.shape[-1] if indices.rank else 0
    if not isinstance(depth, int):
        raise Unknown
    if batch_dims and not same_shape(indices.shape[:batch_dims], data.shape[:batch_dims]):
        raise ShapeError("the batches of data and indices differ", batches(data, indices, batch_dims))
    if not 0 < depth <= data.rank - batch_dims:
        raise ShapeError("the last size of indices does not fit the data", batches(data, indices, batch_dims))
    return Spec(data.dtype, indices.shape[:-1] + data.shape[batch_dims + depth :])


def batches(data, indices, batch_dims):
    return {"data": format_shape(data.shape), "indices": format_shape(indices.shape), "batch_dims": batch_dims}


@operator("GatherND", since=11, kind="selection", shape=gathernd_shape, cost=picked, aliases=True)
def gathernd(data, indices, *, batch_dims=0):
    """data[..., i, j, …] for each (i, j, …) in the last axis of `indices`; the first `batch_dims` axes go in step."""
    places = indices.unbind(-1)
    if batch_dims:
        if indices.ndim <= batch_dims or indices.shape[:batch_dims] != data.shape[:batch_dims]:
            raise ShapeError("the batches of data and indices differ", batches(data, indices, batch_dims))
        rank = indices.ndim - 1
        along = (torch.arange(n, device=data.device) for n in indices.shape[:batch_dims])
        places = (*(n.view([-1 if i == axis else 1 for i in range(rank)]) for axis, n in enumerate(along)), *places)
    return data[places]

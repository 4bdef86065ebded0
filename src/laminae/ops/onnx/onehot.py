"""OneHot. https://onnx.ai/onnx/operators/onnx__OneHot.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.bits import movable, restored
from laminae.ops.costs import free
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, open_list


def onehot_shape(indices, depth, values, *, axis=-1):
    axis = axis_of(axis, indices.rank, extra=1)
    (classes,) = open_list(depth) if depth.value is not None else (None,)
    if isinstance(classes, int) and classes < 0:
        raise ShapeError("depth is negative", {"found": classes})
    return Spec(values.dtype, (*indices.shape[:axis], classes, *indices.shape[axis:]))


def onehot_ready(depth, values, *, axis=-1):
    """Numbers written where the indices say, where these are all inside."""
    classes = int(depth)
    if (
        not classes
        or values.shape != (2,)
        or not values.is_cpu
        or values.dtype not in (torch.float32, torch.float64, torch.int64, torch.int32)
    ):
        return None
    cold, hot = values.tolist()

    def call(indices):
        places = indices.long().unsqueeze(axis)
        shape = list(places.shape)
        shape[axis] = classes
        try:
            return torch.full(shape, cold, dtype=values.dtype).scatter_(axis, places, hot)
        except RuntimeError:  # an index from the end, or outside
            return onehot(indices, depth, values, axis=axis)

    return call


@operator("OneHot", since=11, kind="selection", shape=onehot_shape, cost=free, ready=awaiting_first(onehot_ready))
def onehot(indices, depth, values, *, axis=-1):
    """values[1] where the place along the new `axis` (of size `depth`) is the index, values[0] elsewhere."""
    places = indices.long()
    return _onehot(torch.where(places < 0, places + int(depth), places), int(depth), values, axis)


@operator("OneHot", since=9, kind="selection", shape=onehot_shape, cost=free)
def onehot_9(indices, depth, values, *, axis=-1):
    """Until opset 10, an index below 0 does not count from the end: it is outside."""
    return _onehot(indices.long(), int(depth), values, axis)


def _onehot(places, classes, values, axis):
    """`places` outside 0 to classes - 1 are nowhere."""
    if values.shape != (2,):
        raise ShapeError("values are not two", {"expected": "[off, on]", "found": format_shape(values.shape)})
    places = places.unsqueeze(axis)
    inside = (places >= 0) & (places < classes)
    shape = list(places.shape)
    shape[axis] = classes
    cold = values[0].expand(shape)
    if not classes or not places.numel():
        return cold.clone()
    hot = movable(torch.where(inside, values[1], values[0]))
    return restored(movable(cold).scatter(axis, places.clamp(0, classes - 1), hot), values.dtype)

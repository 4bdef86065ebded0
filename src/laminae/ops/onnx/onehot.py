"""OneHot. https://onnx.ai/onnx/operators/onnx__OneHot.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, open_list


def onehot_shape(indices, depth, values, *, axis=-1):
    axis = axis_of(axis, indices.rank, extra=1)
    (classes,) = open_list(depth) if depth.value is not None else (None,)
    if isinstance(classes, int) and classes < 0:
        raise ShapeError("depth is negative", {"found": classes})
    return Spec(values.dtype, (*indices.shape[:axis], classes, *indices.shape[axis:]))


@operator("OneHot", kind="selection", shape=onehot_shape)
def onehot(indices, depth, values, *, axis=-1):
    """values[1] where the place along the new `axis` (of size `depth`) is the index, values[0] elsewhere."""
    classes = int(depth)
    places = indices.long().unsqueeze(axis)
    places = torch.where(places < 0, places + classes, places)
    inside = (places >= 0) & (places < classes)
    shape = list(places.shape)
    shape[axis] = classes
    cold = values[0].expand(shape)
    if not classes or not places.numel():
        return cold.clone()
    return cold.scatter(axis, places.clamp(0, classes - 1), torch.where(inside, values[1], values[0]))

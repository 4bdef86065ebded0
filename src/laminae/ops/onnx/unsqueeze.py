"""Unsqueeze. https://onnx.ai/onnx/operators/onnx__Unsqueeze.html"""

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers, moved, open_list


def unsqueeze_1_shape(data, *, axes):
    rank = data.rank + len(axes)
    new = {axis_of(axis, rank) for axis in axes}
    if len(new) < len(axes):
        raise ShapeError("an axis is named twice", {"found": list(axes)})
    old = iter(data.shape)
    return moved(data, tuple(1 if i in new else next(old) for i in range(rank)), lambda content: content)


def unsqueeze_shape(data, axes):
    if axes.value is None:
        return Spec(data.dtype, (None,) * (data.rank + len(open_list(axes))))
    return unsqueeze_1_shape(data, axes=int_numbers(axes))


@operator("Unsqueeze", since=13, kind="shape", shape=unsqueeze_shape, aliases=True)
def unsqueeze(data, axes):
    """`data` with a size of 1 at each of `axes` of the output."""
    return unsqueeze_1(data, axes=axes.reshape(-1).tolist())


@operator("Unsqueeze", since=1, kind="shape", shape=unsqueeze_1_shape, aliases=True)
def unsqueeze_1(data, *, axes):
    """Until opset 12, `axes` is an attribute."""
    if len(axes) == 1:
        return data.unsqueeze(axes[0])
    rank = data.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        data = data.unsqueeze(axis)
    return data

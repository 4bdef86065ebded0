"""Unsqueeze. https://onnx.ai/onnx/operators/onnx__Unsqueeze.html"""

from functools import partial
from operator import methodcaller

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec
from laminae.ops.costs import view
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers, moved, open_list


def unsqueeze_1_shape(data, *, axes):
    rank = data.rank + len(axes)
    new = {axis_of(axis, rank) for axis in axes}
    if len(new) < len(axes):
        raise _twice(axes)
    old = iter(data.shape)
    return moved(data, tuple(1 if i in new else next(old) for i in range(rank)), lambda content: content)


def _twice(axes):
    return ShapeError("an axis is named twice", {"found": list(axes)})


def unsqueeze_shape(data, axes):
    if axes.value is None:
        return Spec(data.dtype, (None,) * (data.rank + len(open_list(axes))))
    return unsqueeze_1_shape(data, axes=int_numbers(axes))


def unsqueeze_ready(axes):
    places = axes.reshape(-1).tolist()
    return methodcaller("unsqueeze", places[0]) if len(places) == 1 else partial(unsqueeze_1, axes=places)


@operator(
    "Unsqueeze", since=13, kind="shape", shape=unsqueeze_shape, cost=view, aliases=True, ready=awaiting_first(unsqueeze_ready)
)
def unsqueeze(data, axes):
    """`data` with a size of 1 at each of `axes` of the output."""
    return unsqueeze_1(data, axes=axes.reshape(-1).tolist())


@operator("Unsqueeze", since=1, kind="shape", shape=unsqueeze_1_shape, cost=view, aliases=True)
def unsqueeze_1(data, *, axes):
    """Until opset 12, `axes` is an attribute."""
    if len(axes) == 1:
        return data.unsqueeze(axes[0])
    rank = data.ndim + len(axes)
    new = {axis_of(axis, rank) for axis in axes}
    if len(new) < len(axes):
        raise _twice(axes)
    for axis in sorted(new):
        data = data.unsqueeze(axis)
    return data

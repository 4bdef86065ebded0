"""Squeeze. https://onnx.ai/onnx/operators/onnx__Squeeze.html"""

from functools import partial

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, known
from laminae.ops.costs import view
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers, moved, open_list


def squeeze_1_shape(data, *, axes=None):
    if axes is None:
        dims = tuple(n for n in known(data.shape) if n != 1)
    else:
        gone = {axis_of(axis, data.rank) for axis in axes}
        for axis in gone:
            if data.shape[axis] not in (1, None) and not isinstance(data.shape[axis], str):
                raise _not_one(axis, data.shape[axis])
        dims = tuple(dim for i, dim in enumerate(data.shape) if i not in gone)
    return moved(data, dims, lambda content: content)


def _not_one(axis, size):
    return ShapeError(f"axis {axis} cannot be squeezed", {"expected": "a size of 1", "found": size})


def squeeze_shape(data, axes=None):
    if axes is not None and axes.value is None:
        return Spec(data.dtype, (None,) * (data.rank - len(open_list(axes))))
    return squeeze_1_shape(data, axes=None if axes is None else int_numbers(axes))


def squeeze_ready(axes=None):
    places = None if axes is None else tuple(axes.reshape(-1).tolist())
    if places is None or len(places) != 1:
        return partial(squeeze_1, axes=places)
    (axis,) = places

    def call(data):
        found = data.squeeze(axis)
        if found.ndim == data.ndim:
            raise _not_one(axis, data.shape[axis])
        return found

    return call


@operator("Squeeze", since=13, kind="shape", shape=squeeze_shape, cost=view, aliases=True, ready=awaiting_first(squeeze_ready))
def squeeze(data, axes=None):
    """`data` without `axes`, whose sizes are 1; without all sizes of 1 where not given."""
    return squeeze_1(data, axes=None if axes is None else axes.reshape(-1).tolist())


@operator("Squeeze", since=1, kind="shape", shape=squeeze_1_shape, cost=view, aliases=True)
def squeeze_1(data, *, axes=None):
    """Until opset 12, `axes` is an attribute."""
    if axes is None:
        return data.squeeze()
    for axis in axes:
        if data.shape[axis] != 1:
            raise _not_one(axis, data.shape[axis])
    return data.squeeze(tuple(axes))

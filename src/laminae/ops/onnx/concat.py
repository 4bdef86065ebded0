"""Concat. https://onnx.ai/onnx/operators/onnx__Concat.html"""

import numpy as np

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, Unknown, format_shape
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import agreed, axis_of, open_list, total
from laminae.ops.stacks import joined


def concat_shape(*inputs, axis=1):
    ranks = {x.rank for x in inputs if x.dims is not None}
    if len(ranks) > 1:
        raise ShapeError("inputs of different ranks", {"found": " and ".join(format_shape(x.dims) for x in inputs)})
    if not ranks:
        raise Unknown
    (rank,) = ranks
    axis = axis_of(axis, rank)
    shapes = [x.dims or (None,) * rank for x in inputs]
    dims = tuple(total(column) if i == axis else agreed(*column) for i, column in enumerate(zip(*shapes, strict=True)))
    return Spec(inputs[0].dtype, dims, _content(inputs, dims))


def _content(inputs, dims):
    """What is known of a small list put together (a shape): None where an element is not known."""
    if len(dims) != 1 or not isinstance(dims[0], int) or dims[0] > 1024 or all(x.value is None for x in inputs):
        return None
    if all(x.value is not None for x in inputs):
        return np.concatenate([x.value for x in inputs])
    if inputs[0].dtype not in ("int64", "int32"):
        return None
    return np.array([element for x in inputs for element in open_list(x)], dtype=object)


@operator("Concat", kind="movement", shape=concat_shape, cost=free, aliases=True)
def concat(*inputs, axis=1):
    """The inputs one after the other along `axis`; the other sizes are equal."""
    return joined(inputs, axis)

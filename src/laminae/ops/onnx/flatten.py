"""Flatten. https://onnx.ai/onnx/operators/onnx__Flatten.html"""

import math

from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, flattened, moved


def flatten_shape(input, *, axis=1):
    axis = axis_of(axis, input.rank) if axis < 0 else axis_of(axis, input.rank, extra=1)
    return moved(input, flattened(input.shape, axis), lambda content: content)


def flatten_direct(*, axis=1):
    """What most layers are: all axes but the first as one."""
    return (lambda input: input.flatten(1) if input.ndim > 1 else flatten(input)) if axis == 1 else None


@operator("Flatten", kind="shape", shape=flatten_shape, cost=view, aliases=True, direct=flatten_direct)
def flatten(input, *, axis=1):
    """[all axes before `axis`, all axes from `axis` on], each as one."""
    return input.reshape(math.prod(input.shape[:axis]), math.prod(input.shape[axis:]))

"""Flatten. https://onnx.ai/onnx/operators/onnx__Flatten.html"""

import math

from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, flattened, moved


def flatten_shape(input, *, axis=1):
    axis = axis_of(axis, input.rank) if axis < 0 else axis_of(axis, input.rank, extra=1)
    return moved(input, flattened(input.shape, axis), lambda content: content)


@operator("Flatten", kind="shape", shape=flatten_shape, aliases=True)
def flatten(input, *, axis=1):
    """[all axes before `axis`, all axes from `axis` on], each as one."""
    if axis == 1 and input.ndim > 1:
        return input.flatten(1)
    return input.reshape(math.prod(input.shape[:axis]), math.prod(input.shape[axis:]))

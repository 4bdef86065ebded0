"""Add. https://onnx.ai/onnx/operators/onnx__Add.html"""

import numpy as np

from laminae.base import torch
from laminae.ops import shape_arithmetic
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.unsigned import in_numpy

add_shape = shape_arithmetic.elementwise(shape_arithmetic.add)


@operator("Add", since=7, kind="arithmetic", shape=add_shape, cost=per_output)
def add(A, B):
    """A + B, element by element, broadcast; integers wrap."""
    try:
        return torch.add(A, B)
    except NotImplementedError:
        return in_numpy(np.add, A, B)


@operator("Add", since=1, kind="arithmetic", shape=aligned_shape(add_shape), cost=per_output)
def add_1(A, B, *, axis=None, broadcast=0, consumed_inputs=None):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return add(A, aligned(A, B, axis))

"""Less. https://onnx.ai/onnx/operators/onnx__Less.html"""

import operator as python

import numpy as np

from laminae.base import torch
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only
from laminae.ops.unsigned import in_numpy

less_shape = elementwise(numbers_only(python.lt), dtype="bool")


@operator("Less", since=7, kind="comparison", shape=less_shape, cost=per_output)
def less(A, B):
    """A < B, element by element, broadcast; bool."""
    try:
        return torch.lt(A, B)
    except NotImplementedError:
        return in_numpy(np.less, A, B)


@operator("Less", since=1, kind="comparison", shape=aligned_shape(less_shape), cost=per_output)
def less_1(A, B, *, axis=None, broadcast=0):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return less(A, aligned(A, B, axis))

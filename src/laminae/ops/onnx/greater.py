"""Greater. https://onnx.ai/onnx/operators/onnx__Greater.html"""

import operator as python

import numpy as np

from laminae.base import torch
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only
from laminae.ops.unsigned import in_numpy

greater_shape = elementwise(numbers_only(python.gt), dtype="bool")


@operator("Greater", since=7, kind="comparison", shape=greater_shape, cost=per_output)
def greater(A, B):
    """A > B, element by element, broadcast; bool."""
    try:
        return torch.gt(A, B)
    except NotImplementedError:
        return in_numpy(np.greater, A, B)


@operator("Greater", since=1, kind="comparison", shape=aligned_shape(greater_shape), cost=per_output)
def greater_1(A, B, *, axis=None, broadcast=0):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return greater(A, aligned(A, B, axis))

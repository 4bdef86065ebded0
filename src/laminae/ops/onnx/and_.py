"""And. https://onnx.ai/onnx/operators/onnx__And.html"""

import operator as python

from laminae.base import torch
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only

and_shape = elementwise(numbers_only(python.and_), dtype="bool")


@operator("And", since=7, kind="logic", shape=and_shape, cost=per_output)
def and_(A, B):
    """A and B, element by element, broadcast; bool."""
    return torch.logical_and(A, B)


@operator("And", since=1, kind="logic", shape=aligned_shape(and_shape), cost=per_output)
def and_1(A, B, *, axis=None, broadcast=0):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return and_(A, aligned(A, B, axis))

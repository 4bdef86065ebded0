"""Or. https://onnx.ai/onnx/operators/onnx__Or.html"""

import operator as python

from laminae.base import torch
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only

or_shape = elementwise(numbers_only(python.or_), dtype="bool")


@operator("Or", since=7, kind="logic", shape=or_shape, cost=per_output)
def or_(A, B):
    """A or B, element by element, broadcast; bool."""
    return torch.logical_or(A, B)


@operator("Or", since=1, kind="logic", shape=aligned_shape(or_shape), cost=per_output)
def or_1(A, B, *, axis=None, broadcast=0):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return or_(A, aligned(A, B, axis))

"""Xor. https://onnx.ai/onnx/operators/onnx__Xor.html"""

import operator as python

from laminae.base import torch
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only

xor_shape = elementwise(numbers_only(python.xor), dtype="bool")


@operator("Xor", since=7, kind="logic", shape=xor_shape, cost=per_output)
def xor(A, B):
    """Either A or B, not both, element by element, broadcast; bool."""
    return torch.logical_xor(A, B)


@operator("Xor", since=1, kind="logic", shape=aligned_shape(xor_shape), cost=per_output)
def xor_1(A, B, *, axis=None, broadcast=0):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return xor(A, aligned(A, B, axis))

"""Mul. https://onnx.ai/onnx/operators/onnx__Mul.html"""

from laminae.base import torch
from laminae.ops import shape_arithmetic
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator

mul_shape = shape_arithmetic.elementwise(shape_arithmetic.multiply)


@operator("Mul", since=7, kind="arithmetic", shape=mul_shape, cost=per_output, direct=lambda: torch.mul)
def mul(A, B):
    """A · B, element by element, broadcast; integers wrap."""
    return torch.mul(A, B)


@operator("Mul", since=1, kind="arithmetic", shape=aligned_shape(mul_shape), cost=per_output)
def mul_1(A, B, *, axis=None, broadcast=0, consumed_inputs=None):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return mul(A, aligned(A, B, axis))

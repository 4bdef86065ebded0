"""Equal. https://onnx.ai/onnx/operators/onnx__Equal.html"""

from laminae.base import torch
from laminae.ops import shape_arithmetic
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator

equal_shape = shape_arithmetic.elementwise(shape_arithmetic.equal, dtype="bool")


@operator("Equal", since=7, kind="comparison", shape=equal_shape, cost=per_output, direct=lambda: torch.eq)
def equal(A, B):
    """A = B, element by element, broadcast; bool."""
    return torch.eq(A, B)


@operator("Equal", since=1, kind="comparison", shape=aligned_shape(equal_shape), cost=per_output)
def equal_1(A, B, *, axis=None, broadcast=0):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return equal(A, aligned(A, B, axis))

"""Where. https://onnx.ai/onnx/operators/onnx__Where.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast_shapes
from laminae.ops.shape_arithmetic import choose, contents


def where_shape(condition, X, Y):
    dtype = X.dtype or Y.dtype
    return Spec(dtype, broadcast_shapes(condition.shape, X.shape, Y.shape), contents(choose, (condition, X, Y), dtype))


@operator("Where", since=9, kind="selection", shape=where_shape, cost=free)
def where(condition, X, Y):
    """X where the condition holds, Y where it does not; all three broadcast."""
    return torch.where(condition, X, Y)

"""Atanh. https://onnx.ai/onnx/operators/onnx__Atanh.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Atanh", since=9, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.atanh)
def atanh(input):
    """The inverse hyperbolic tangent, element by element; ±∞ at ±1, NaN beyond; any shape, same shape out."""
    return torch.atanh(input)

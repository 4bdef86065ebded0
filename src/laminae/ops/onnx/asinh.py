"""Asinh. https://onnx.ai/onnx/operators/onnx__Asinh.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Asinh", since=9, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.asinh)
def asinh(input):
    """The inverse hyperbolic sine, element by element; any shape, same shape out."""
    return torch.asinh(input)

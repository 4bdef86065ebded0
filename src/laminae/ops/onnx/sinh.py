"""Sinh. https://onnx.ai/onnx/operators/onnx__Sinh.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Sinh", since=9, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.sinh)
def sinh(input):
    """The hyperbolic sine, element by element; any shape, same shape out."""
    return torch.sinh(input)

"""Atan. https://onnx.ai/onnx/operators/onnx__Atan.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Atan", since=7, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.atan)
def atan(input):
    """The inverse tangent, element by element; any shape, same shape out."""
    return torch.atan(input)

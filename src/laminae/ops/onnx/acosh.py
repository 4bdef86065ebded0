"""Acosh. https://onnx.ai/onnx/operators/onnx__Acosh.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Acosh", since=9, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.acosh)
def acosh(input):
    """The inverse hyperbolic cosine, element by element; NaN below 1; any shape, same shape out."""
    return torch.acosh(input)

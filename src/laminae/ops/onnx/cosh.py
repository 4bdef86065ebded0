"""Cosh. https://onnx.ai/onnx/operators/onnx__Cosh.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Cosh", since=9, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.cosh)
def cosh(input):
    """The hyperbolic cosine, element by element; any shape, same shape out."""
    return torch.cosh(input)

"""Asin. https://onnx.ai/onnx/operators/onnx__Asin.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Asin", since=7, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.asin)
def asin(input):
    """The inverse sine, element by element; NaN outside [-1, 1]; any shape, same shape out."""
    return torch.asin(input)

"""Acos. https://onnx.ai/onnx/operators/onnx__Acos.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Acos", since=7, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.acos)
def acos(input):
    """The inverse cosine, element by element; NaN outside [-1, 1]; any shape, same shape out."""
    return torch.acos(input)

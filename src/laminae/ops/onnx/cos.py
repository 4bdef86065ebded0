"""Cos. https://onnx.ai/onnx/operators/onnx__Cos.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Cos", since=7, kind="trigonometry", shape=same_shape, cost=per_output, direct=lambda: torch.cos)
def cos(input):
    """The cosine, element by element; any shape, same shape out."""
    return torch.cos(input)

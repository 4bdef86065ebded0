"""Exp. https://onnx.ai/onnx/operators/onnx__Exp.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Exp", kind="arithmetic", shape=same_shape, cost=per_output, direct=lambda **_: torch.exp)
def exp(input, *, consumed_inputs=None):
    """exp(x), element by element; any shape, same shape out."""
    return torch.exp(input)

"""Tanh. https://onnx.ai/onnx/operators/onnx__Tanh.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Tanh", kind="activation", shape=same_shape, cost=per_output, direct=lambda **_: torch.tanh)
def tanh(input, *, consumed_inputs=None):
    """tanh(x), element by element; any shape, same shape out."""
    return torch.tanh(input)

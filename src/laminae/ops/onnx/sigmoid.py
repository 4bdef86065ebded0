"""Sigmoid. https://onnx.ai/onnx/operators/onnx__Sigmoid.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Sigmoid", kind="activation", shape=same_shape, cost=per_output, direct=lambda **_: torch.sigmoid)
def sigmoid(X, *, consumed_inputs=None):
    """1 / (1 + exp(-x)), element by element; any shape, same shape out."""
    return torch.sigmoid(X)

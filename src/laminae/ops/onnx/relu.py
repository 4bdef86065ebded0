"""Relu. https://onnx.ai/onnx/operators/onnx__Relu.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Relu", kind="activation", shape=same_shape, cost=per_output, direct=lambda **_: torch.relu)
def relu(X, *, consumed_inputs=None):
    """max(0, x), element by element; any shape."""
    return torch.relu(X)

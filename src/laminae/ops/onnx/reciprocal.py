"""Reciprocal. https://onnx.ai/onnx/operators/onnx__Reciprocal.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Reciprocal", kind="arithmetic", shape=same_shape, cost=per_output, direct=lambda **_: torch.reciprocal)
def reciprocal(X, *, consumed_inputs=None):
    """1 / x, element by element; any shape, same shape out."""
    return torch.reciprocal(X)

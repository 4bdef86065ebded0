"""Sqrt. https://onnx.ai/onnx/operators/onnx__Sqrt.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Sqrt", kind="arithmetic", shape=same_shape, cost=per_output, direct=lambda **_: torch.sqrt)
def sqrt(X, *, consumed_inputs=None):
    """√x, element by element; NaN below 0; any shape, same shape out."""
    return torch.sqrt(X)

"""Sqrt. https://onnx.ai/onnx/operators/onnx__Sqrt.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Sqrt", kind="arithmetic", shape=same_shape)
def sqrt(X, *, consumed_inputs=None):
    """√x, element by element; NaN below 0; any shape, same shape out."""
    return torch.sqrt(X)

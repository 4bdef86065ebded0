"""Gelu. https://onnx.ai/onnx/operators/onnx__Gelu.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Gelu", since=20, kind="activation", shape=same_shape, cost=per_output)
def gelu(X, *, approximate="none"):
    """x · Φ(x) = x/2 · (1 + erf(x/√2)), or its tanh approximation, element by element; any shape."""
    return torch.nn.functional.gelu(X, approximate=approximate)

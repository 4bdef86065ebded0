"""Gelu. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Gelu"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Gelu", kind="activation", shape=same_shape, cost=per_output, domain="com.microsoft")
def gelu(X):
    """x · Φ(x) = x/2 · (1 + erf(x/√2)), element by element; any shape."""
    return torch.nn.functional.gelu(X)

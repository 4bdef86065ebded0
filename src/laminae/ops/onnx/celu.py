"""Celu. https://onnx.ai/onnx/operators/onnx__Celu.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Celu", since=12, kind="activation", shape=same_shape, cost=per_output)
def celu(X, *, alpha=1.0):
    """max(0, x) + min(0, alpha · (exp(x / alpha) - 1)), element by element; any shape."""
    return torch.celu(X, alpha)

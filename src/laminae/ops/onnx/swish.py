"""Swish. https://onnx.ai/onnx/operators/onnx__Swish.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Swish", since=24, kind="activation", shape=same_shape, cost=per_output)
def swish(X, *, alpha=1.0):
    """x · sigmoid(alpha · x), element by element; any shape."""
    return torch.nn.functional.silu(X) if alpha == 1.0 else X * torch.sigmoid(alpha * X)

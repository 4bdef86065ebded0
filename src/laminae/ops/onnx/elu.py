"""Elu. https://onnx.ai/onnx/operators/onnx__Elu.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Elu", kind="activation", shape=same_shape, cost=per_output)
def elu(X, *, alpha=1.0, consumed_inputs=None):
    """x, or alpha · (exp(x) - 1) below 0, element by element; any shape."""
    return torch.nn.functional.elu(X, alpha)

"""Mish. https://onnx.ai/onnx/operators/onnx__Mish.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Mish", since=18, kind="activation", shape=same_shape, cost=per_output)
def mish(X):
    """x · tanh(ln(1 + exp(x))), element by element; any shape, same shape out."""
    return torch.nn.functional.mish(X)

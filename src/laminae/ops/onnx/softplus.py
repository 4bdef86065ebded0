"""Softplus. https://onnx.ai/onnx/operators/onnx__Softplus.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Softplus", kind="activation", shape=same_shape, cost=per_output)
def softplus(X):
    """ln(1 + exp(x)), element by element; any shape. (Above 40 that is x in every dtype.)"""
    return torch.nn.functional.softplus(X, threshold=40.0)

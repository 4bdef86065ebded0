"""Softmax. https://onnx.ai/onnx/operators/onnx__Softmax.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Softmax", since=13, kind="activation", shape=same_shape)
def softmax(input, *, axis=-1):
    """exp(x) / Σ exp(x) along `axis`; any shape, same shape out."""
    return torch.softmax(input, axis)


@operator("Softmax", since=1, kind="activation", shape=same_shape)
def softmax_1(input, *, axis=1):
    """Until opset 12, all axes from `axis` on are one."""
    rows = input.flatten(axis if axis >= 0 else axis + input.ndim) if input.ndim > axis else input.unsqueeze(-1)
    return torch.softmax(rows, -1).reshape(input.shape)

"""LogSoftmax. https://onnx.ai/onnx/operators/onnx__LogSoftmax.html"""

from laminae.base import torch
from laminae.ops.costs import softmax_like
from laminae.ops.registry import operator
from laminae.ops.rows import rows
from laminae.ops.rules import same_shape


@operator("LogSoftmax", since=13, kind="activation", shape=same_shape, cost=softmax_like)
def log_softmax(input, *, axis=-1):
    """x - log Σ exp(x) along `axis`; any shape, same shape out."""
    return torch.log_softmax(input, axis)


@operator("LogSoftmax", since=1, kind="activation", shape=same_shape, cost=softmax_like)
def log_softmax_1(input, *, axis=1):
    """Until opset 12, all axes from `axis` on are one."""
    return torch.log_softmax(rows(input, axis), -1).reshape(input.shape)

"""Softmax. https://onnx.ai/onnx/operators/onnx__Softmax.html"""

from laminae.base import torch
from laminae.ops.costs import softmax_like
from laminae.ops.registry import operator
from laminae.ops.rows import rows
from laminae.ops.rules import same_shape


@operator("Softmax", since=13, kind="activation", shape=same_shape, cost=softmax_like)
def softmax(input, *, axis=-1):
    """exp(x) / Σ exp(x) along `axis`; any shape, same shape out.

    In float16 each step rounds, as in the standard's function body; torch would round once, at the end.
    """
    if input.dtype == torch.float16 and input.ndim and input.numel():
        powers = (input - input.amax(axis, keepdim=True)).exp()
        return powers / powers.sum(axis, keepdim=True)
    return torch.softmax(input, axis)


@operator("Softmax", since=1, kind="activation", shape=same_shape, cost=softmax_like)
def softmax_1(input, *, axis=1):
    """Until opset 12, all axes from `axis` on are one."""
    return torch.softmax(rows(input, axis), -1).reshape(input.shape)

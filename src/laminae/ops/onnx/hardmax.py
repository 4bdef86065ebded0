"""Hardmax. https://onnx.ai/onnx/operators/onnx__Hardmax.html"""

from laminae.base import torch
from laminae.ops.costs import per_input
from laminae.ops.registry import operator
from laminae.ops.rows import rows
from laminae.ops.rules import same_shape


@operator("Hardmax", since=13, kind="activation", shape=same_shape, cost=per_input)
def hardmax(input, *, axis=-1):
    """1 at the first largest element along `axis`, else 0; any shape, same shape out."""
    if not input.numel():
        return torch.empty_like(input)
    return torch.zeros_like(input).scatter(axis, torch.argmax(input, axis, True), 1)


@operator("Hardmax", since=1, kind="activation", shape=same_shape, cost=per_input)
def hardmax_1(input, *, axis=1):
    """Until opset 12, all axes from `axis` on are one."""
    return hardmax(rows(input, axis)).reshape(input.shape)

"""Trilu. https://onnx.ai/onnx/operators/onnx__Trilu.html"""

from laminae.base import torch
from laminae.ops.bits import movable, restored
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Trilu", since=14, kind="selection", shape=same_shape)
def trilu(input, k=None, *, upper=1):
    """The upper (or lower) triangle of the last two axes, from the `k`-th diagonal on; zeros elsewhere."""
    diagonal = 0 if k is None else k.item()
    return restored((torch.triu if upper else torch.tril)(movable(input), diagonal), input.dtype)

"""Trilu. https://onnx.ai/onnx/operators/onnx__Trilu.html"""

from laminae.base import torch
from laminae.ops.bits import movable, restored
from laminae.ops.costs import free
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


def trilu_ready(k=None, *, upper=1):
    diagonal = 0 if k is None else k.item()
    return lambda input: _triangle(input, diagonal, upper)


@operator("Trilu", since=14, kind="selection", shape=same_shape, cost=free, ready=awaiting_first(trilu_ready))
def trilu(input, k=None, *, upper=1):
    """The upper (or lower) triangle of the last two axes, from the `k`-th diagonal on; zeros elsewhere."""
    return _triangle(input, 0 if k is None else k.item(), upper)


def _triangle(input, diagonal, upper):
    cut = torch.triu if upper else torch.tril
    try:
        return cut(input, diagonal)
    except NotImplementedError:
        return restored(cut(movable(input), diagonal), input.dtype)

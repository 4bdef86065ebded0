"""Shrink. https://onnx.ai/onnx/operators/onnx__Shrink.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Shrink", since=9, kind="activation", shape=same_shape, cost=per_output)
def shrink(input, *, bias=0.0, lambd=0.5):
    """x + bias below -lambd, x - bias above lambd, 0 between, element by element; any shape, same dtype out."""
    x = input if input.is_floating_point() else input.double()
    return torch.where(x < -lambd, x + bias, torch.where(x > lambd, x - bias, 0)).to(input.dtype)

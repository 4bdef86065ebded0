"""Neg. https://onnx.ai/onnx/operators/onnx__Neg.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only


@operator("Neg", kind="arithmetic", shape=elementwise(numbers_only(lambda x: -x)), cost=per_output, direct=lambda **_: torch.neg)
def neg(X, *, consumed_inputs=None):
    """-x, element by element; any shape, same shape out."""
    return torch.neg(X)

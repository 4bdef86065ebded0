"""Ceil. https://onnx.ai/onnx/operators/onnx__Ceil.html"""

import math

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, rounded


@operator("Ceil", kind="arithmetic", shape=elementwise(rounded(math.ceil)), cost=per_output, direct=lambda **_: torch.ceil)
def ceil(X, *, consumed_inputs=None):
    """The smallest integer not below x, element by element; any shape, same shape out."""
    return torch.ceil(X)

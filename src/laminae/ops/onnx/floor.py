"""Floor. https://onnx.ai/onnx/operators/onnx__Floor.html"""

import math

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, rounded


@operator("Floor", kind="arithmetic", shape=elementwise(rounded(math.floor)), cost=per_output, direct=lambda **_: torch.floor)
def floor(X, *, consumed_inputs=None):
    """The largest integer not above x, element by element; any shape, same shape out."""
    return torch.floor(X)

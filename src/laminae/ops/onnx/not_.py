"""Not. https://onnx.ai/onnx/operators/onnx__Not.html"""

import operator as python

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only


@operator("Not", kind="logic", shape=elementwise(numbers_only(python.not_)), cost=per_output, direct=lambda: torch.logical_not)
def not_(X):
    """Not x, element by element; any shape, same shape out."""
    return torch.logical_not(X)

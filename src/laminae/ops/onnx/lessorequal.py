"""LessOrEqual. https://onnx.ai/onnx/operators/onnx__LessOrEqual.html"""

import operator as python

import numpy as np

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only
from laminae.ops.unsigned import in_numpy

less_or_equal_shape = elementwise(numbers_only(python.le), dtype="bool")


@operator("LessOrEqual", since=12, kind="comparison", shape=less_or_equal_shape, cost=per_output)
def less_or_equal(A, B):
    """A ≤ B, element by element, broadcast; bool."""
    try:
        return torch.le(A, B)
    except NotImplementedError:
        return in_numpy(np.less_equal, A, B)

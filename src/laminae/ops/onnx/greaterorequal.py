"""GreaterOrEqual. https://onnx.ai/onnx/operators/onnx__GreaterOrEqual.html"""

import operator as python

import numpy as np

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only
from laminae.ops.unsigned import in_numpy

greater_or_equal_shape = elementwise(numbers_only(python.ge), dtype="bool")


@operator("GreaterOrEqual", since=12, kind="comparison", shape=greater_or_equal_shape, cost=per_output)
def greater_or_equal(A, B):
    """A ≥ B, element by element, broadcast; bool."""
    try:
        return torch.ge(A, B)
    except NotImplementedError:
        return in_numpy(np.greater_equal, A, B)

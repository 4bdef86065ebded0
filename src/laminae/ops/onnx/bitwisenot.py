"""BitwiseNot. https://onnx.ai/onnx/operators/onnx__BitwiseNot.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape
from laminae.ops.unsigned import in_numpy


@operator("BitwiseNot", since=18, kind="bitwise", shape=same_shape, cost=per_output)
def bitwise_not(X):
    """Every bit of x turned, element by element; integers of any shape, same shape out."""
    try:
        return torch.bitwise_not(X)
    except NotImplementedError:
        return in_numpy(np.bitwise_not, X)

"""Abs. https://onnx.ai/onnx/operators/onnx__Abs.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, rounded
from laminae.ops.unsigned import in_numpy


@operator("Abs", kind="arithmetic", shape=elementwise(rounded(abs)), cost=per_output)
def abs_(X, *, consumed_inputs=None):
    """|x|, element by element; any shape, same shape out."""
    try:
        return torch.abs(X)
    except NotImplementedError:
        return in_numpy(np.abs, X)

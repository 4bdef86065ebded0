"""Sub. https://onnx.ai/onnx/operators/onnx__Sub.html"""

import numpy as np

from laminae.base import torch
from laminae.ops import shape_arithmetic
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.unsigned import in_numpy

sub_shape = shape_arithmetic.elementwise(shape_arithmetic.subtract)


@operator("Sub", since=7, kind="arithmetic", shape=sub_shape, cost=per_output)
def sub(A, B):
    """A - B, element by element, broadcast; integers wrap."""
    try:
        return torch.sub(A, B)
    except NotImplementedError:
        return in_numpy(np.subtract, A, B)


@operator("Sub", since=1, kind="arithmetic", shape=aligned_shape(sub_shape), cost=per_output)
def sub_1(A, B, *, axis=None, broadcast=0, consumed_inputs=None):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return sub(A, aligned(A, B, axis))

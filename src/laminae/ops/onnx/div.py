"""Div. https://onnx.ai/onnx/operators/onnx__Div.html"""

import numpy as np

from laminae.base import torch
from laminae.ops import shape_arithmetic
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.unsigned import in_numpy

div_shape = shape_arithmetic.elementwise(shape_arithmetic.divide)


@operator("Div", since=7, kind="arithmetic", shape=div_shape, cost=per_output)
def div(A, B):
    """A / B, element by element, broadcast; the quotient of integers is cut towards zero."""
    if A.is_floating_point():
        return torch.div(A, B)
    try:
        if not A.dtype.is_signed:
            return torch.div(A, B, rounding_mode="trunc")
        turned = B == -1  # the smallest number by -1 is no number of the dtype: the processor would stop
        return torch.where(turned, -A, torch.div(A, B.masked_fill(turned, 1), rounding_mode="trunc"))
    except NotImplementedError:
        return in_numpy(np.floor_divide, A, B)


@operator("Div", since=1, kind="arithmetic", shape=aligned_shape(div_shape), cost=per_output)
def div_1(A, B, *, axis=None, broadcast=0, consumed_inputs=None):
    """Until opset 6, B's sizes may stand under A's from `axis` on."""
    return div(A, aligned(A, B, axis))

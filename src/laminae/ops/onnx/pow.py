"""Pow. https://onnx.ai/onnx/operators/onnx__Pow.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.costs import per_output
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast
from laminae.ops.unsigned import in_numpy


def pow_ready(Y):
    if Y.ndim or not Y.is_cpu or not Y.is_floating_point():
        return None
    exponent, dtype = Y.item(), Y.dtype
    return lambda X: X.pow(exponent) if X.dtype == dtype else pow_(X, Y)


@operator("Pow", since=7, kind="arithmetic", shape=broadcast, cost=per_output, ready=awaiting_first(pow_ready))
def pow_(X, Y):
    """X to the power Y, element by element, broadcast; X's dtype."""
    if X.dtype != Y.dtype and X.is_floating_point() and X.dtype.itemsize == 2:
        return pow_(X.float(), Y).to(X.dtype)  # the exponent may be too large or too fine for X's dtype
    if not Y.ndim and Y.is_cpu and not Y.requires_grad and X.is_floating_point():
        return torch.pow(X, Y.item())  # many times faster for 2, 0.5 and -1
    if X.dtype != Y.dtype and not Y.dtype.is_signed:
        Y = Y.to(torch.float64 if X.is_floating_point() else torch.int64)  # torch promotes no unsigned integers
    if Y.is_floating_point() and Y.dtype.itemsize == 2 and not X.is_floating_point():
        Y = Y.float()  # X is too fine for Y's dtype
    common = torch.promote_types(X.dtype, Y.dtype)  # torch itself looks at the ranks too
    try:
        power = torch.pow(X.to(common), Y.to(common))
    except NotImplementedError:
        return in_numpy(lambda x, y: np.power(x, y).astype(x.dtype), X, Y)
    return power if power.dtype == X.dtype else power.to(X.dtype)


@operator("Pow", since=1, kind="arithmetic", shape=aligned_shape(broadcast), cost=per_output)
def pow_1(X, Y, *, axis=None, broadcast=0):
    """Until opset 6, Y's sizes may stand under X's from `axis` on."""
    return pow_(X, aligned(X, Y, axis))

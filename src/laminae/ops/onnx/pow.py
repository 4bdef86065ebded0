"""Pow. https://onnx.ai/onnx/operators/onnx__Pow.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.broadcasting import aligned, aligned_shape
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast
from laminae.ops.unsigned import in_numpy


@operator("Pow", since=7, kind="arithmetic", shape=broadcast)
def pow_(X, Y):
    """X to the power Y, element by element, broadcast; X's dtype."""
    if not Y.ndim and Y.is_cpu and not Y.requires_grad and X.is_floating_point():
        return torch.pow(X, Y.item())  # many times faster for 2, 0.5 and -1
    if X.dtype != Y.dtype and not Y.dtype.is_signed:
        Y = Y.to(torch.int64)  # torch promotes no unsigned integers
    try:
        power = torch.pow(X, Y)
    except NotImplementedError:
        return in_numpy(lambda x, y: np.power(x, y).astype(x.dtype), X, Y)
    return power if power.dtype == X.dtype else power.to(X.dtype)


@operator("Pow", since=1, kind="arithmetic", shape=aligned_shape(broadcast))
def pow_1(X, Y, *, axis=None, broadcast=0):
    """Until opset 6, Y's sizes may stand under X's from `axis` on."""
    return pow_(X, aligned(X, Y, axis))

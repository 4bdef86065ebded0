"""ReduceMean. https://onnx.ai/onnx/operators/onnx__ReduceMean.html"""

import math

import numpy as np

from laminae.base import torch
from laminae.ops.reductions import reduction
from laminae.ops.unsigned import in_numpy


@reduction("ReduceMean")
def reduce_mean(data, axes, keepdim):
    """The mean of x over `axes`, of integers cut towards zero; NaN over none."""
    if data.is_floating_point():
        return torch.mean(data, axes, keepdim)
    if data.dtype == torch.uint64:
        return in_numpy(lambda x: np.sum(x, tuple(axes), keepdims=keepdim) // max(1, math.prod(x.shape[i] for i in axes)), data)
    total = torch.sum(data, axes, keepdim)
    return torch.div(total, max(1, data.numel() // max(1, total.numel())), rounding_mode="trunc").to(data.dtype)

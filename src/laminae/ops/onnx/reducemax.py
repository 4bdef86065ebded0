"""ReduceMax. https://onnx.ai/onnx/operators/onnx__ReduceMax.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.reductions import filled, limits, reduction
from laminae.ops.unsigned import in_numpy


@reduction("ReduceMax")
def reduce_max(data, axes, keepdim):
    """The largest x over `axes`; the dtype's lowest over none. NaN where one is NaN."""
    if not data.numel():
        return filled(data, axes, keepdim, limits(data.dtype)[0])
    try:
        return torch.amax(data, axes, keepdim)
    except NotImplementedError:
        return in_numpy(lambda x: np.max(x, tuple(axes), keepdims=keepdim), data)

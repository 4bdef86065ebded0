"""ReduceMin. https://onnx.ai/onnx/operators/onnx__ReduceMin.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.reductions import filled, limits, reduction
from laminae.ops.unsigned import in_numpy


@reduction("ReduceMin")
def reduce_min(data, axes, keepdim):
    """The smallest x over `axes`; the dtype's highest over none. NaN where one is NaN."""
    if not data.numel():
        return filled(data, axes, keepdim, limits(data.dtype)[1])
    try:
        return torch.amin(data, axes, keepdim)
    except NotImplementedError:
        return in_numpy(lambda x: np.min(x, tuple(axes), keepdims=keepdim), data)

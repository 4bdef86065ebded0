"""ReduceL1. https://onnx.ai/onnx/operators/onnx__ReduceL1.html"""

from laminae.base import torch
from laminae.ops.onnx.abs import abs_
from laminae.ops.reductions import reduction


@reduction("ReduceL1")
def reduce_l1(data, axes, keepdim):
    """Σ |x| over `axes`; 0 over none."""
    if data.is_floating_point():
        return torch.linalg.vector_norm(data, 1, axes, keepdim)
    return torch.sum(abs_(data), axes, keepdim).to(data.dtype)

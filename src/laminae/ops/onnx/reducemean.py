"""ReduceMean. https://onnx.ai/onnx/operators/onnx__ReduceMean.html"""

from laminae.base import torch
from laminae.ops.reductions import reduction


@reduction("ReduceMean")
def reduce_mean(data, axes, keepdim):
    """The mean of x over `axes`, of integers cut towards zero; NaN over none."""
    if data.is_floating_point():
        return torch.mean(data, axes, keepdim)
    total = torch.sum(data, axes, keepdim)
    return torch.div(total, max(1, data.numel() // max(1, total.numel())), rounding_mode="trunc").to(data.dtype)

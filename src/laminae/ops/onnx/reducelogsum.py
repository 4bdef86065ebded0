"""ReduceLogSum. https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html"""

from laminae.base import torch
from laminae.ops.reductions import reduction


@reduction("ReduceLogSum")
def reduce_log_sum(data, axes, keepdim):
    """log Σ x over `axes`; -∞ over none. Integers are cut towards zero."""
    if data.is_floating_point():
        return torch.log(torch.sum(data, axes, keepdim))
    return torch.log(torch.sum(data.double(), axes, keepdim)).to(data.dtype)

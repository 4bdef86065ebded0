"""ReduceLogSumExp. https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html"""

from laminae.base import torch
from laminae.ops.costs import each_input
from laminae.ops.reductions import reduction


@reduction("ReduceLogSumExp", cost=each_input(4))
def reduce_log_sum_exp(data, axes, keepdim):
    """log Σ exp(x) over `axes`; -∞ over none. Integers are cut towards zero."""
    if data.is_floating_point():
        return torch.logsumexp(data, axes, keepdim)
    return torch.logsumexp(data.double(), axes, keepdim).to(data.dtype)

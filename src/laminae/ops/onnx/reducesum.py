"""ReduceSum. https://onnx.ai/onnx/operators/onnx__ReduceSum.html"""

from laminae.base import torch
from laminae.ops.reductions import reduction
from laminae.ops.rules import total


@reduction("ReduceSum", axes_input_since=13, value=total)
def reduce_sum(data, axes, keepdim):
    """Σ x over `axes`; 0 over none. Integers wrap."""
    if data.is_floating_point():
        return torch.sum(data, axes, keepdim)
    try:
        return torch.sum(data, axes, keepdim, dtype=data.dtype)
    except NotImplementedError:
        return torch.sum(data, axes, keepdim).to(data.dtype)

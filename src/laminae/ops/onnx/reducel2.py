"""ReduceL2. https://onnx.ai/onnx/operators/onnx__ReduceL2.html"""

from laminae.base import torch
from laminae.ops.reductions import reduction


@reduction("ReduceL2")
def reduce_l2(data, axes, keepdim):
    """√(Σ x²) over `axes`; 0 over none. Integers are cut towards zero."""
    if data.is_floating_point():
        return torch.linalg.vector_norm(data, 2, axes, keepdim)
    return torch.linalg.vector_norm(data.double(), 2, axes, keepdim).to(data.dtype)

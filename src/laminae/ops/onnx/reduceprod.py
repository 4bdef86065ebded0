"""ReduceProd. https://onnx.ai/onnx/operators/onnx__ReduceProd.html"""

from laminae.base import torch
from laminae.base.shapes import product
from laminae.ops.reductions import reduction


@reduction("ReduceProd", value=product)
def reduce_prod(data, axes, keepdim):
    """Π x over `axes`; 1 over none. Integers wrap."""
    if len(axes) == data.ndim and not keepdim:
        return torch.prod(data).to(data.dtype)
    result = data
    for axis in sorted((axis % data.ndim for axis in axes), reverse=True):
        result = torch.prod(result, axis, keepdim)
    return result.to(data.dtype)

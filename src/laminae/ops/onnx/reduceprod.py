"""ReduceProd. https://onnx.ai/onnx/operators/onnx__ReduceProd.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import product
from laminae.ops.reductions import reduction


@reduction("ReduceProd", value=product)
def reduce_prod(data, axes, keepdim):
    """Π x over `axes`; 1 over none. Integers wrap."""
    result, gone = data, {axis % data.ndim for axis in axes}
    if len(gone) < len(axes):
        raise ShapeError("an axis is given twice", {"found": list(axes)})
    if len(gone) == data.ndim and not keepdim:
        return torch.prod(data).to(data.dtype)
    for axis in sorted(gone, reverse=True):
        result = torch.prod(result, axis, keepdim)
    return result.to(data.dtype)

"""CumProd. https://onnx.ai/onnx/operators/onnx__CumProd.html"""

from laminae.base import torch
from laminae.ops.bits import flipped
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("CumProd", since=26, kind="cumulative", shape=same_shape, cost=per_output)
def cumprod(x, axis, *, exclusive=0, reverse=0):
    """The product of the elements up to each one along `axis`, itself left out where exclusive, from the end where reverse."""
    axis = int(axis)
    x = flipped(x, axis) if reverse else x
    if exclusive and x.numel():
        x = torch.cat([torch.ones_like(x.narrow(axis, 0, 1)), x.narrow(axis, 0, x.shape[axis] - 1)], axis)
    total = torch.cumprod(x, axis).to(x.dtype)
    return flipped(total, axis) if reverse else total

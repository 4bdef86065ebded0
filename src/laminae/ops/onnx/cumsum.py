"""CumSum. https://onnx.ai/onnx/operators/onnx__CumSum.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("CumSum", since=11, kind="cumulative", shape=same_shape)
def cum_sum(x, axis, *, exclusive=0, reverse=0):
    """The sum of the elements up to each one along `axis`, itself left out where exclusive, from the end where reverse."""
    axis = int(axis)
    x = x.flip(axis) if reverse else x
    if exclusive:
        x = torch.cat([torch.zeros_like(x.narrow(axis, 0, 1)), x.narrow(axis, 0, x.shape[axis] - 1)], axis) if x.numel() else x
    total = torch.cumsum(x, axis).to(x.dtype)
    return total.flip(axis) if reverse else total

"""CumSum. https://onnx.ai/onnx/operators/onnx__CumSum.html"""

from laminae.base import torch
from laminae.ops.bits import flipped
from laminae.ops.costs import per_output
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


def cum_sum_ready(axis, *, exclusive=0, reverse=0):
    place = int(axis)
    return lambda x: _summed(x, place, exclusive, reverse)


@operator("CumSum", since=11, kind="cumulative", shape=same_shape, cost=per_output, ready=awaiting_first(cum_sum_ready))
def cum_sum(x, axis, *, exclusive=0, reverse=0):
    """The sum of the elements up to each one along `axis`, itself left out where exclusive, from the end where reverse."""
    return _summed(x, int(axis), exclusive, reverse)


def _summed(x, axis, exclusive, reverse):
    x = flipped(x, axis) if reverse else x
    if exclusive:
        x = torch.cat([torch.zeros_like(x.narrow(axis, 0, 1)), x.narrow(axis, 0, x.shape[axis] - 1)], axis) if x.numel() else x
    total = torch.cumsum(x, axis).to(x.dtype)
    return flipped(total, axis) if reverse else total

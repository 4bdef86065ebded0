"""NonZero. https://onnx.ai/onnx/operators/onnx__NonZero.html"""

from laminae.base import torch
from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.bits import movable
from laminae.ops.casting import from_numpy
from laminae.ops.costs import per_input
from laminae.ops.registry import operator


def nonzero_shape(X):
    return Spec("int64", (X.rank, None))


@operator("NonZero", since=9, kind="selection", shape=nonzero_shape, cost=per_input)
def nonzero(X):
    """Where `X` is not zero, in order: one column of indices for each element; int64, [rank, count]."""
    if isinstance(X, HostArray):  # a text is zero where it is empty
        X = from_numpy(X.array.astype(bool))
    return torch.nonzero(movable(X)).t()

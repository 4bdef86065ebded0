"""Transpose. https://onnx.ai/onnx/operators/onnx__Transpose.html"""

from operator import methodcaller

import numpy as np

from laminae.base.errors import ShapeError
from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, moved


def transpose_shape(data, *, perm=None):
    rank = data.rank
    order = [axis_of(axis, rank) for axis in perm] if perm is not None else list(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise ShapeError("perm does not name every axis once", {"expected": f"the axes 0 to {rank - 1}", "found": list(perm)})
    return moved(data, tuple(data.shape[axis] for axis in order), lambda content: np.transpose(content, order))


def transpose_direct(*, perm=None):
    return methodcaller("permute", *perm) if perm else None


@operator("Transpose", kind="movement", shape=transpose_shape, cost=view, aliases=True, direct=transpose_direct)
def transpose(data, *, perm=None):
    """The axes of `data` in the order `perm`; reversed where not given."""
    return data.permute(perm if perm is not None else tuple(range(data.ndim))[::-1])

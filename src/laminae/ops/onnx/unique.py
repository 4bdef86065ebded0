"""Unique. https://onnx.ai/onnx/operators/onnx__Unique.html"""

from laminae.base import torch
from laminae.base.host import HostArray, ranks
from laminae.base.shapes import Spec, product
from laminae.ops.bits import chosen
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of


def unique_shape(X, *, axis=None, sorted=1):
    if axis is None:
        dims, n = (None,), None if X.dims is None else product(X.dims)
    else:
        axis = axis_of(axis, X.rank)
        dims, n = (*X.shape[:axis], None, *X.shape[axis + 1 :]), X.shape[axis]
    return Spec(X.dtype, dims), Spec("int64", (None,)), Spec("int64", (n,)), Spec("int64", (None,))


@operator("Unique", several=True, since=11, kind="selection", shape=unique_shape)
def unique(X, *, axis=None, sorted=1):
    """The different elements (slices along `axis`), where each is first, which of them each one is, how many there are.

    In ascending order, or in that of their first occurrence.
    """
    X, axis = (X.flatten(), 0) if axis is None else (X, axis)
    n = X.shape[axis]
    keys = ranks(X) if isinstance(X, HostArray) else X
    _, inverse, counts = torch.unique(keys, return_inverse=True, return_counts=True, dim=axis if X.ndim > 1 else None)
    first = torch.full_like(counts, n).scatter_reduce(0, inverse, torch.arange(n, device=counts.device), "amin")
    if not sorted:
        order = first.argsort()
        first, counts, inverse = first[order], counts[order], order.argsort()[inverse]
    return chosen(X, axis, first), first, inverse, counts

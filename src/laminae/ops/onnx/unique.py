"""Unique. https://onnx.ai/onnx/operators/onnx__Unique.html"""

from laminae.base import torch
from laminae.base.host import HostArray, ranks
from laminae.base.shapes import Spec, product
from laminae.ops.bits import chosen
from laminae.ops.costs import sorting
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of


def unique_shape(X, *, axis=None, sorted=1, n_outputs=4):
    if axis is None:
        dims, n = (None,), None if X.dims is None else product(X.dims)
    else:
        axis = axis_of(axis, X.rank)
        dims, n = (*X.shape[:axis], None, *X.shape[axis + 1 :]), X.shape[axis]
    return Spec(X.dtype, dims), Spec("int64", (None,)), Spec("int64", (n,)), Spec("int64", (None,))


def unique_cost(X, *, axis=None, **attributes):
    return sorting(X, axis=axis)


@operator("Unique", several=True, since=11, kind="selection", shape=unique_shape, cost=unique_cost)
def unique(X, *, axis=None, sorted=1, n_outputs=4):
    """The different elements (slices along `axis`), where each is first, which of them each one is, how many there are.

    In ascending order, or in that of their first occurrence.
    """
    X, axis = (X.flatten(), 0) if axis is None else (X, axis_of(axis, X.ndim))
    n = X.shape[axis]
    if n_outputs == 1 and sorted and X.ndim == 1 and not isinstance(X, HostArray) and X.dtype in (torch.int64, torch.int32):
        return (torch.unique(X),)
    keys = ranks(X) if isinstance(X, HostArray) else torch.view_as_real(X) if X.is_complex() else X
    if keys.numel():
        _, inverse, counts = torch.unique(keys, return_inverse=True, return_counts=True, dim=axis if keys.ndim > 1 else None)
    else:  # slices without elements, which are all alike
        inverse, counts = torch.zeros(n, dtype=torch.int64, device=X.device), torch.full((min(n, 1),), n, device=X.device)
    first = torch.full_like(counts, n).scatter_reduce(0, inverse, torch.arange(n, device=counts.device), "amin")
    if not sorted:
        order = first.argsort()
        first, counts, inverse = first[order], counts[order], order.argsort()[inverse]
    return chosen(X, axis, first), first, inverse, counts

"""TopK. https://onnx.ai/onnx/operators/onnx__TopK.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec
from laminae.ops.costs import sorting
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_list


def top_shape(X, k, axis):
    axis = axis_of(axis, X.rank)
    size = X.shape[axis]
    if isinstance(k, int) and isinstance(size, int) and not 0 <= k <= size:
        raise ShapeError(f"k = {k} of an axis of size {size}", {"expected": f"0 to {size}"})
    dims = (*X.shape[:axis], k, *X.shape[axis + 1 :])
    return Spec(X.dtype, dims), Spec("int64", dims)


def topk_shape(X, K, *, axis=-1, largest=1, sorted=1):
    return top_shape(X, int_list(K)[0] if K.value is not None else None, axis)


def topk_shape_1(X, *, k, axis=-1):
    return top_shape(X, k, axis)


def topk_ready(K, *, axis=-1, largest=1, sorted=1):
    k = int(K)
    return lambda X: _top(X, k, axis, largest)


@operator("TopK", several=True, since=10, kind="selection", shape=topk_shape, cost=sorting, ready=awaiting_first(topk_ready))
def topk(X, K, *, axis=-1, largest=1, sorted=1):
    """The k largest (smallest) elements along `axis`, in order, and their indices; of equals the lower index comes first."""
    return _top(X, int(K), axis, largest)


def _top(X, k, axis, largest):
    if 4 * k < X.shape[axis] and X.dtype.is_signed:
        values, indices = torch.topk(X, k + 1, axis, bool(largest))
        here, following = values.narrow(axis, 0, k), values.narrow(axis, 1, k)
        if (here > following if largest else here < following).all():  # no equals, whose order torch leaves open
            return here, indices.narrow(axis, 0, k)
    values, indices = torch.sort(X, dim=axis, descending=bool(largest), stable=True)
    return values.narrow(axis, 0, k).clone(), indices.narrow(axis, 0, k).clone()


@operator("TopK", several=True, since=1, kind="selection", shape=topk_shape_1, cost=sorting)
def topk_1(X, *, k, axis=-1):
    """Until opset 9, k is an attribute."""
    return topk(X, k, axis=axis)

"""Det. https://onnx.ai/onnx/operators/onnx__Det.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, same_dim
from laminae.ops.registry import operator


def det_shape(X):
    if X.rank < 2 or not same_dim(*X.shape[-2:]):
        raise ShapeError("a determinant needs square matrices", {"X": format_shape(X.shape)})
    return Spec(X.dtype, X.shape[:-2])


def det_cost(X):
    return X.size * X.shape[-1] // 3


@operator("Det", since=11, kind="linear", shape=det_shape, cost=det_cost)
def det(X):
    """The determinant of each matrix of X [..., n, n]; [...] out."""
    if X.dtype.itemsize < 4:  # LAPACK has no 16-bit floats
        return torch.linalg.det(X.float()).to(X.dtype)
    return torch.linalg.det(X)

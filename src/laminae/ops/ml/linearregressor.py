"""LinearRegressor. https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.classes import ML, rows_of, transformed
from laminae.ops.prepared import prepared


def linearregressor_shape(X, *, targets=1, **attributes):
    return Spec("float32", (X.shape[0] if X.rank == 2 else None, targets))


def linearregressor_cost(X, *, coefficients=(), **attributes):
    """The products with all coefficients, for each row."""
    return rows_of(X) * len(coefficients)


@prepared("LinearRegressor", kind="linear", shape=linearregressor_shape, cost=linearregressor_cost, domain=ML)
def linearregressor(*, coefficients=(), intercepts=(), post_transform="NONE", targets=1):
    """X Wᵀ + b, then `post_transform`: [rows, features] → [rows, targets], float32; W is [targets, features]."""
    W = torch.tensor(coefficients).reshape(targets, -1)
    b = torch.tensor(intercepts) if intercepts else None
    return lambda X: transformed(torch.nn.functional.linear(X.to(W.dtype), W, b), post_transform)

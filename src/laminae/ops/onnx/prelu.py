"""PRelu. https://onnx.ai/onnx/operators/onnx__PRelu.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import fits_into


def prelu_shape(X, slope, **attributes):
    fits_into("slope", slope, "X", X.shape)
    return Spec(X.dtype, X.dims)


def prelu_shape_1(X, slope, *, consumed_inputs=None):
    return Spec(X.dtype, X.dims)


@operator("PRelu", since=7, kind="activation", shape=prelu_shape, cost=per_output)
def prelu(X, slope):
    """x, or slope · x below 0, element by element; slope broadcasts to X."""
    if slope.numel() == 1 and X.is_floating_point():
        return torch.prelu(X, slope.reshape(1))
    if X.ndim > 1 and slope.ndim == X.ndim - 1 and slope.numel() == slope.shape[0] == X.shape[1] and X.is_floating_point():
        return torch.prelu(X, slope.flatten())
    if torch.broadcast_shapes(X.shape, slope.shape) != X.shape:
        raise ShapeError("slope does not fit X", {"X": format_shape(X.shape), "slope": format_shape(slope.shape)})
    return torch.where(X < 0, slope * X, X) if X.dtype.is_signed else X.clone()


@operator("PRelu", since=1, kind="activation", shape=prelu_shape_1, cost=per_output)
def prelu_1(X, slope, *, consumed_inputs=None):
    """Until opset 6, slope [1] or [channels]."""
    return torch.prelu(X, slope.reshape(-1))

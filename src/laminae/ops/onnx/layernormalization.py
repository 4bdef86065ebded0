"""LayerNormalization. https://onnx.ai/onnx/operators/onnx__LayerNormalization.html"""

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.costs import normalizing
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, fits_into


def layernormalization_shape(X, Scale, B=None, *, axis=-1, epsilon=9.999999747378752e-06, stash_type=1, n_outputs=1):
    first = axis_of(axis, X.rank)
    for name, found in (("Scale", Scale), ("B", B)):
        fits_into(name, found, "X", X.shape)
    dims = (*X.shape[:first], *(1 for _ in X.shape[first:]))
    statistics = Spec(from_code(stash_type), dims)
    return Spec(X.dtype, X.shape), statistics, statistics


@operator("LayerNormalization", since=17, kind="normalization", shape=layernormalization_shape, cost=normalizing)
def layernormalization(X, Scale, B=None, *, axis=-1, epsilon=9.999999747378752e-06, stash_type=1, n_outputs=1):
    """(x - mean) / √(var + epsilon) · Scale + B, over all axes from `axis` on; any shape, same shape out.

    Mean and 1 / √(var + epsilon), of stash_type, have size 1 in those axes. Ba, Kiros, Hinton 2016.
    """
    sizes = X.shape[axis:]
    direct = Scale.shape == sizes and Scale.dtype == X.dtype and (B is None or B.shape == sizes)
    if direct and n_outputs == 1:
        return torch.layer_norm(X, sizes, Scale, B, epsilon)
    if direct:
        Y, mean, inverse = torch.native_layer_norm(X, sizes, Scale, B, epsilon)
    else:
        Y, mean, inverse = torch.native_layer_norm(X, sizes, None, None, epsilon)
        Y = kept(X, Y * Scale if B is None else Y * Scale + B).to(X.dtype)
    dtype = torch_dtype(from_code(stash_type))
    return Y if n_outputs == 1 else (Y, mean.to(dtype), inverse.to(dtype))


def kept(X, Y):
    """Y, where weights have not made it larger than X. Raises ShapeError where they have."""
    if Y.shape != X.shape:
        raise ShapeError("a weight does not fit X", {"X": format_shape(X.shape), "with the weight": format_shape(Y.shape)})
    return Y

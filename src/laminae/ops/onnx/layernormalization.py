"""LayerNormalization. https://onnx.ai/onnx/operators/onnx__LayerNormalization.html"""

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, fits_into


def layernormalization_shape(X, Scale, B=None, *, axis=-1, epsilon=9.999999747378752e-06, stash_type=1, n_outputs=1):
    first = axis_of(axis, X.rank)
    for name, found in (("Scale", Scale), ("B", B)):
        fits_into(name, found, "the sizes of X from `axis` on", X.shape[first:])
    dims = (*X.shape[:first], *(1 for _ in X.shape[first:]))
    statistics = Spec(from_code(stash_type), dims)
    return Spec(X.dtype, X.shape), statistics, statistics


@operator("LayerNormalization", since=17, kind="normalization", shape=layernormalization_shape)
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
        Y = (Y * Scale if B is None else Y * Scale + B).to(X.dtype)
    dtype = torch_dtype(from_code(stash_type))
    return Y if n_outputs == 1 else (Y, mean.to(dtype), inverse.to(dtype))

"""RMSNormalization. https://onnx.ai/onnx/operators/onnx__RMSNormalization.html"""

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.costs import normalizing_by_root
from laminae.ops.onnx.layernormalization import kept
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, fits_into


def rmsnormalization_shape(X, scale, *, axis=-1, epsilon=9.999999747378752e-06, stash_type=1):
    axis_of(axis, X.rank)
    fits_into("scale", scale, "X", X.shape)
    return Spec(scale.dtype, X.shape)


@operator("RMSNormalization", since=23, kind="normalization", shape=rmsnormalization_shape, cost=normalizing_by_root)
def rmsnormalization(X, scale, *, axis=-1, epsilon=9.999999747378752e-06, stash_type=1):
    """x / √(mean(x²) + epsilon) · scale, over all axes from `axis` on; any shape, same shape out, of scale's dtype.

    Zhang, Sennrich 2019.
    """
    if X.dtype == scale.dtype == torch.float32 and scale.shape == X.shape[axis:]:
        return torch.rms_norm(X, scale.shape, scale, epsilon)
    wide = X.to(torch.promote_types(X.dtype, torch_dtype(from_code(stash_type))))
    axes = tuple(range(axis, 0)) if axis < 0 else tuple(range(axis, X.ndim))
    return kept(X, (wide * torch.rsqrt((wide * wide).mean(axes, True) + epsilon)).to(X.dtype).to(scale.dtype) * scale)

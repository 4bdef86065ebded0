"""SimplifiedLayerNormalization: ONNX Runtime's earlier name of RMSNormalization, in the main domain too.

https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
"""

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.costs import normalizing_by_root
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, fits_into


def simplifiedlayernormalization_shape(X, scale, *, axis=-1, epsilon=9.999999747378752e-06, stash_type=1, n_outputs=1):
    first = axis_of(axis, X.rank)
    fits_into("scale", scale, "the sizes of X from `axis` on", X.shape[first:])
    return Spec(scale.dtype, X.shape), Spec(from_code(stash_type), (*X.shape[:first], *(1 for _ in X.shape[first:])))


@operator(
    "SimplifiedLayerNormalization", kind="normalization", shape=simplifiedlayernormalization_shape, cost=normalizing_by_root
)
@operator(
    "SimplifiedLayerNormalization",
    kind="normalization",
    shape=simplifiedlayernormalization_shape,
    cost=normalizing_by_root,
    domain="com.microsoft",
)
def simplifiedlayernormalization(X, scale, *, axis=-1, epsilon=9.999999747378752e-06, stash_type=1, n_outputs=1):
    """x / √(mean(x²) + epsilon) · scale, over all axes from `axis` on; any shape, same shape out.

    Second output: 1 / √(mean(x²) + epsilon), of size 1 in those axes. Zhang, Sennrich 2019.
    """
    axes = tuple(range(axis % X.ndim, X.ndim))
    Y, inverse = root_mean_square(X, axes, epsilon)
    Y = Y.to(scale.dtype) * scale
    return Y if n_outputs == 1 else (Y, inverse.to(torch_dtype(from_code(stash_type))))


def root_mean_square(X, axes, epsilon):
    """(x / √(mean(x²) + epsilon) in the dtype of X, the inverse root)."""
    wide = X.to(torch.promote_types(X.dtype, torch.float32))
    inverse = torch.rsqrt((wide * wide).mean(axes, True) + epsilon)
    return (wide * inverse).to(X.dtype), inverse

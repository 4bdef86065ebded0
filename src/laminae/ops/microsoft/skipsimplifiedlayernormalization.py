"""SkipSimplifiedLayerNormalization. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SkipSimplifiedLayerNormalization"""

from laminae.base import torch
from laminae.ops.microsoft.simplifiedlayernormalization import root_mean_square
from laminae.ops.microsoft.skiplayernormalization import skiplayernormalization_shape
from laminae.ops.registry import operator


def skipsimplifiedlayernormalization_cost(input, skip, gamma, bias=None, **attributes):
    """One or two sums, and the normalization."""
    return input.size * (4 if bias is None else 5)


@operator(
    "SkipSimplifiedLayerNormalization",
    kind="normalization",
    shape=skiplayernormalization_shape,
    cost=skipsimplifiedlayernormalization_cost,
    domain="com.microsoft",
)
def skipsimplifiedlayernormalization(input, skip, gamma, bias=None, *, epsilon=9.999999960041972e-13, n_outputs=1):
    """s / √(mean(s²) + epsilon) · gamma over the last axis of s = input + skip + bias; [..., size], same shape out.

    Further outputs: mean and 1 / √(mean(s²) + epsilon) [..., 1], s.
    """
    total = input + skip if bias is None else input + skip + bias
    Y, inverse = root_mean_square(total, -1, epsilon)
    Y = Y * gamma
    return Y if n_outputs == 1 else (Y, total.mean(-1, True, dtype=torch.float32), inverse.float(), total)[:n_outputs]

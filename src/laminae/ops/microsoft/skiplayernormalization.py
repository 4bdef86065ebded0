"""SkipLayerNormalization. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SkipLayerNormalization"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.registry import operator
from laminae.ops.rules import fits_into


def skiplayernormalization_shape(input, skip, gamma, *others, epsilon=9.999999960041972e-13, n_outputs=1):
    fits_into("skip", skip, "input", input.shape)
    for name, found in zip(("gamma", "beta", "bias"), (gamma, *others), strict=False):
        fits_into(name, found, "the last size of input", input.shape[-1:])
    statistics = Spec("float32", (*input.shape[:-1], 1))
    return Spec(input.dtype, input.shape), statistics, statistics, Spec(input.dtype, input.shape)


def skiplayernormalization_cost(input, skip, gamma, beta=None, bias=None, **attributes):
    """One or two sums, and the normalization."""
    return input.size * (6 if bias is None else 7)


@operator(
    "SkipLayerNormalization",
    kind="normalization",
    shape=skiplayernormalization_shape,
    cost=skiplayernormalization_cost,
    domain="com.microsoft",
)
def skiplayernormalization(input, skip, gamma, beta=None, bias=None, *, epsilon=9.999999960041972e-13, n_outputs=1):
    """LayerNormalization over the last axis of input + skip + bias, times gamma, plus beta; [N, T, size], same shape out.

    skip [N or 1, T, size] or [T, size]; the others [size]. Further outputs: mean and 1 / √(var + epsilon) [N, T, 1], the sum.
    """
    total = input + skip if bias is None else input + skip + bias
    if n_outputs == 1:
        return torch.layer_norm(total, gamma.shape, gamma, beta, epsilon)
    Y, mean, inverse = torch.native_layer_norm(total, gamma.shape, gamma, beta, epsilon)
    return (Y, mean.float(), inverse.float(), total)[:n_outputs]

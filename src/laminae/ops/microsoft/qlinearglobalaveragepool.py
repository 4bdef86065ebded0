"""QLinearGlobalAveragePool. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearGlobalAveragePool"""

from laminae.base.shapes import Spec
from laminae.ops.costs import each_input
from laminae.ops.quantized import quantized, real
from laminae.ops.registry import operator


def qlinearglobalaveragepool_shape(X, *others, channels_last=0):
    ones = tuple(1 for _ in X.shape[2:])
    return Spec(X.dtype, (X.shape[0], *ones, X.shape[-1]) if channels_last else (*X.shape[:2], *ones))


@operator(
    "QLinearGlobalAveragePool", kind="pooling", shape=qlinearglobalaveragepool_shape, cost=each_input(3), domain="com.microsoft"
)
def qlinearglobalaveragepool(X, x_scale, x_zero_point, y_scale, y_zero_point, *, channels_last=0):
    """The mean of each channel of quantized X [N, C, *sizes] or [N, *sizes, C], quantized again; sizes become 1."""
    axes = tuple(range(1, X.ndim - 1) if channels_last else range(2, X.ndim))
    return quantized(real(X, x_scale, x_zero_point).mean(axes, True), y_scale, y_zero_point, X.dtype)

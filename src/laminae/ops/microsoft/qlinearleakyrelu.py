"""QLinearLeakyRelu. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearLeakyRelu"""

from laminae.base import torch
from laminae.ops.costs import each_output
from laminae.ops.quantized import quantized, quantized_same_shape, real
from laminae.ops.registry import operator


@operator("QLinearLeakyRelu", kind="activation", shape=quantized_same_shape, cost=each_output(7), domain="com.microsoft")
def qlinearleakyrelu(X, X_scale, X_zero_point=None, Y_scale=None, Y_zero_point=None, *, alpha=0.009999999776482582):
    """x, or alpha · x below 0, of quantized X, quantized again; any shape."""
    Y = torch.nn.functional.leaky_relu(real(X, X_scale, X_zero_point), alpha)
    return quantized(Y, Y_scale, Y_zero_point, X.dtype)

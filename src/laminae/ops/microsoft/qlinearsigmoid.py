"""QLinearSigmoid. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearSigmoid"""

from laminae.base import torch
from laminae.ops.costs import each_output
from laminae.ops.quantized import quantized, quantized_same_shape, real
from laminae.ops.registry import operator


@operator("QLinearSigmoid", kind="activation", shape=quantized_same_shape, cost=each_output(7), domain="com.microsoft")
def qlinearsigmoid(X, X_scale, X_zero_point=None, Y_scale=None, Y_zero_point=None):
    """1 / (1 + e^-x) of quantized X, quantized again; any shape."""
    return quantized(torch.sigmoid(real(X, X_scale, X_zero_point)), Y_scale, Y_zero_point, X.dtype)

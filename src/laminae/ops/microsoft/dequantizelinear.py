"""DequantizeLinear. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DequantizeLinear"""

from laminae.ops.costs import each_output
from laminae.ops.onnx import dequantizelinear as standard
from laminae.ops.registry import operator


def dequantizelinear_shape(x, x_scale, x_zero_point=None, *, axis=None):
    return standard.dequantizelinear_shape(x, x_scale, x_zero_point, axis=1 if axis is None else axis)


@operator("DequantizeLinear", kind="quantization", shape=dequantizelinear_shape, cost=each_output(2), domain="com.microsoft")
def dequantizelinear(x, x_scale, x_zero_point=None, *, axis=None):
    """(x - x_zero_point) · x_scale, of scalars or one per index of `axis`; any shape, same shape out."""
    return standard.dequantizelinear(x, x_scale, x_zero_point, axis=1 if axis is None else axis)

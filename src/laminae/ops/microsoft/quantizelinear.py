"""QuantizeLinear. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QuantizeLinear"""

from laminae.ops.costs import each_output
from laminae.ops.onnx import quantizelinear as standard
from laminae.ops.registry import operator


def quantizelinear_shape(x, y_scale, y_zero_point=None, *, axis=None):
    return standard.quantizelinear_shape(x, y_scale, y_zero_point, axis=1 if axis is None else axis)


@operator("QuantizeLinear", kind="quantization", shape=quantizelinear_shape, cost=each_output(4), domain="com.microsoft")
def quantizelinear(x, y_scale, y_zero_point=None, *, axis=None):
    """round(x / y_scale) + y_zero_point, kept in range, of scalars or one per index of `axis`; any shape, same shape out."""
    return standard.quantizelinear(x, y_scale, y_zero_point, axis=1 if axis is None else axis)

"""QLinearAdd. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearAdd"""

from laminae.base.shapes import Spec
from laminae.ops.costs import each_output
from laminae.ops.quantized import quantized, real
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast_shapes


def qlinearadd_shape(A, A_scale, A_zero_point, B, *others):
    return Spec(A.dtype, broadcast_shapes(A.shape, B.shape))


@operator("QLinearAdd", kind="quantization", shape=qlinearadd_shape, cost=each_output(9), domain="com.microsoft")
def qlinearadd(A, A_scale, A_zero_point=None, B=None, B_scale=None, B_zero_point=None, C_scale=None, C_zero_point=None):
    """The sum of quantized A and B, broadcast, quantized again; one scale and zero point each."""
    return quantized(real(A, A_scale, A_zero_point) + real(B, B_scale, B_zero_point), C_scale, C_zero_point, A.dtype)

"""DynamicQuantizeMatMul. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeMatMul"""

from laminae.ops.onnx.dynamicquantizelinear import dynamicquantizelinear
from laminae.ops.onnx.matmulinteger import matmul_integer
from laminae.ops.registry import operator
from laminae.ops.rules import matmul_cost, matmul_shape


@operator("DynamicQuantizeMatMul", kind="linear", shape=matmul_shape, cost=matmul_cost, domain="com.microsoft")
def dynamicquantizematmul(A, B, b_scale, b_zero_point=None, bias=None):
    """A B + bias [n], where A [..., m, k] is quantized to 8 bits on the way and B [..., k, n] is already.

    b_scale and b_zero_point are for all, or one per column [n].
    """
    a, a_scale, a_zero_point = dynamicquantizelinear(A)
    Y = matmul_integer(a, B, a_zero_point, b_zero_point).to(A.dtype) * (a_scale * b_scale)
    return Y if bias is None else Y + bias

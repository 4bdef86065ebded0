"""QLinearMatMul. https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.integers import largest, product
from laminae.ops.onnx.matmulinteger import rows, shifted
from laminae.ops.quantization import requantized
from laminae.ops.ready import LATER, awaits, filled, held, room_for
from laminae.ops.registry import operator
from laminae.ops.rules import matmul_cost, matmul_shape


def qlinearmatmul_shape(a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point):
    return Spec(y_zero_point.dtype, matmul_shape(a, b).dims)


def qlinearmatmul_cost(a, a_scale, a_zero_point, b, *inputs):
    return matmul_cost(a, b)


def qlinearmatmul_ready(a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point):
    """b as floats."""
    if a is not LATER or awaits(b, b_zero_point) or not room_for(4 * b.numel()):
        return None
    weights, most = shifted(b, b_zero_point), largest(b, b_zero_point)
    held(weights)

    def call(a, a_scale, a_zero_point, b_scale, y_scale, y_zero_point):
        total = product(shifted(a, rows(a_zero_point)), weights, largest(a, a_zero_point), most, torch.float64)
        return requantized(total, rows(a_scale) * b_scale / rows(y_scale), rows(y_zero_point))

    return filled(call, (a, a_scale, a_zero_point, b_scale, y_scale, y_zero_point))


@operator(
    "QLinearMatMul", since=10, kind="quantization", shape=qlinearmatmul_shape, cost=qlinearmatmul_cost, ready=qlinearmatmul_ready
)
def qlinearmatmul(a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point):
    """Product of quantized a [..., m, k] and b [..., k, n], quantized again; scales for all, per row of a, per column of b."""
    most = largest(a, a_zero_point), largest(b, b_zero_point)
    total = product(shifted(a, rows(a_zero_point)), shifted(b, b_zero_point), *most, torch.float64)
    return requantized(total, rows(a_scale) * b_scale / rows(y_scale), rows(y_zero_point))

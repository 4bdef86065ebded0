"""QLinearMatMul. https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.quantization import requantized
from laminae.ops.registry import operator
from laminae.ops.rules import matmul_cost, matmul_shape


def qlinearmatmul_shape(a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point):
    return Spec(y_zero_point.dtype, matmul_shape(a, b).dims)


def qlinearmatmul_cost(a, a_scale, a_zero_point, b, *inputs):
    return matmul_cost(a, b)


@operator("QLinearMatMul", since=10, kind="quantization", shape=qlinearmatmul_shape, cost=qlinearmatmul_cost)
def qlinearmatmul(a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point):
    """Product of quantized a [..., m, k] and b [..., k, n], quantized again; scales for all, per row of a, per column of b."""
    total = torch.matmul(a.double() - per_row(a_zero_point).double(), b.double() - b_zero_point.double())
    return requantized(total, per_row(a_scale) * b_scale / per_row(y_scale), per_row(y_zero_point))


def per_row(parameter):
    return parameter.unsqueeze(-1) if parameter.ndim == 1 and parameter.numel() > 1 else parameter

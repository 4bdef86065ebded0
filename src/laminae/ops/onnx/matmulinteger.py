"""MatMulInteger. https://onnx.ai/onnx/operators/onnx__MatMulInteger.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.integers import largest, product
from laminae.ops.ready import LATER, awaits, filled, held, room_for
from laminae.ops.registry import operator
from laminae.ops.rules import matmul_cost, matmul_shape


def matmul_integer_shape(A, B, a_zero_point=None, b_zero_point=None):
    return Spec("int32", matmul_shape(A, B).dims)


def shifted(x, zero_point):
    """x - zero_point in float32."""
    return x.float() if zero_point is None else x.float() - zero_point.float()


def rows(zero_point):
    """One for each row of A as a column."""
    return zero_point.unsqueeze(-1) if zero_point is not None and zero_point.ndim == 1 and zero_point.numel() > 1 else zero_point


def matmul_integer_ready(A, B, a_zero_point=None, b_zero_point=None):
    """B as floats."""
    if A is not LATER or awaits(B, b_zero_point) or not room_for(4 * B.numel()):
        return None
    weights, most = shifted(B, b_zero_point), largest(B, b_zero_point)
    held(weights)

    def call(A, a_zero_point):
        return product(shifted(A, rows(a_zero_point)), weights, largest(A, a_zero_point), most, torch.int32)

    return filled(call, (A, a_zero_point))


@operator("MatMulInteger", since=10, kind="linear", shape=matmul_integer_shape, cost=matmul_cost, ready=matmul_integer_ready)
def matmul_integer(A, B, a_zero_point=None, b_zero_point=None):
    """(A - a_zero_point) (B - b_zero_point) in int32, with A [..., m, k] and B [..., k, n] of 8 bits.

    The zero points are scalars, or one for each row of A and each column of B.
    """
    a, b = shifted(A, rows(a_zero_point)), shifted(B, b_zero_point)
    return product(a, b, largest(A, a_zero_point), largest(B, b_zero_point), torch.int32)

"""MatMulInteger. https://onnx.ai/onnx/operators/onnx__MatMulInteger.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.registry import operator
from laminae.ops.rules import matmul_cost, matmul_shape


def matmul_integer_shape(A, B, a_zero_point=None, b_zero_point=None):
    return Spec("int32", matmul_shape(A, B).dims)


def shifted(x, zero_point, dtype):
    return x.to(dtype) if zero_point is None else x.to(dtype) - zero_point.to(dtype)


@operator("MatMulInteger", since=10, kind="linear", shape=matmul_integer_shape, cost=matmul_cost)
def matmul_integer(A, B, a_zero_point=None, b_zero_point=None):
    """(A - a_zero_point) (B - b_zero_point) in int32, with A [..., m, k] and B [..., k, n] of 8 bits.

    The zero points are scalars, or one for each row of A and each column of B.
    """
    if a_zero_point is not None and a_zero_point.ndim == 1 and a_zero_point.numel() > 1:
        a_zero_point = a_zero_point.unsqueeze(-1)
    # Floats have the fast product, and it is exact: each of the k terms is below 2^16, float32 holds integers up to 2^24.
    exact = torch.float32 if A.shape[-1] <= 256 else torch.float64
    product = torch.matmul(shifted(A, a_zero_point, exact), shifted(B, b_zero_point, exact))
    return product.to(torch.int32) if exact is torch.float32 else product.to(torch.int64).to(torch.int32)

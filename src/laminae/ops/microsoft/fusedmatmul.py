"""FusedMatMul. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedMatMul"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.registry import operator
from laminae.ops.rules import matmul_cost, matmul_shape


def order(rank, turned, batch_turned):
    """The axes in the order the product takes them: the first one behind the batch, the last two exchanged."""
    axes = list(range(rank))
    if rank > 1 and batch_turned:
        axes = [*axes[1:-1], 0, axes[-1]]
    return [*axes[:-2], axes[-1], axes[-2]] if rank > 1 and turned else axes


def turned(x, *how):
    return Spec(x.dtype, tuple(x.shape[i] for i in order(x.rank, *how)))


def fusedmatmul_shape(A, B, *, alpha=1.0, transA=0, transB=0, transBatchA=0, transBatchB=0):
    return matmul_shape(turned(A, transA, transBatchA), turned(B, transB, transBatchB))


def fusedmatmul_cost(A, B, *, alpha=1.0, transA=0, transB=0, transBatchA=0, transBatchB=0):
    return matmul_cost(turned(A, transA, transBatchA), turned(B, transB, transBatchB))


@operator("FusedMatMul", kind="linear", shape=fusedmatmul_shape, cost=fusedmatmul_cost, domain="com.microsoft")
def fusedmatmul(A, B, *, alpha=1.0, transA=0, transB=0, transBatchA=0, transBatchB=0):
    """alpha · A B, with A [..., m, k] and B [..., k, n], [..., k, m] where transA, [m, ..., k] where transBatchA."""
    A, B = A.permute(order(A.ndim, transA, transBatchA)), B.permute(order(B.ndim, transB, transBatchB))
    product = torch.matmul(A, B)
    return product if alpha == 1.0 else alpha * product

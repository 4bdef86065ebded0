"""Gemm. https://onnx.ai/onnx/operators/onnx__Gemm.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.registry import operator
from laminae.ops.unsigned import in_numpy


def gemm_shape(A, B, C=None, *, alpha=1.0, beta=1.0, transA=0, transB=0, broadcast=0):
    if A.rank != 2 or B.rank != 2:
        raise ShapeError("A and B must have rank 2", {"A": format_shape(A.shape), "B": format_shape(B.shape)})
    m, k = A.shape[::-1] if transA else A.shape
    k_b, n = B.shape[::-1] if transB else B.shape
    if not same_dim(k, k_b):
        ends = "first" if transA else "last", "last" if transB else "first"
        raise ShapeError("A and B do not fit", {"expected": f"the {ends[0]} size of A ({k}) to equal the {ends[1]} of B ({k_b})"})
    return Spec(A.dtype, (m, n))


def gemm_cost(A, B, C=None, *, alpha=1.0, beta=1.0, transA=0, transB=0, broadcast=0):
    (rows, columns), (first, last) = known(A.shape), known(B.shape)
    return rows * columns * (first if transB else last)


def gemm_direct(*, alpha=1.0, beta=1.0, transA=0, transB=0, broadcast=0):
    """A Bᵀ + C as the fused call, which takes any rank; the standard only 2."""
    if not transB or transA or alpha != 1.0 or beta != 1.0:
        return None
    fused = torch.nn.functional.linear

    def linear(A, B, C=None):
        if A.dim() != 2 or B.dim() != 2:
            raise ShapeError("A and B must have rank 2")
        try:
            return fused(A, B, C)
        except NotImplementedError:  # of unsigned integers
            return gemm(A, B, C, transB=1)

    return linear


@operator("Gemm", kind="linear", shape=gemm_shape, cost=gemm_cost, direct=gemm_direct)
def gemm(A, B, C=None, *, alpha=1.0, beta=1.0, transA=0, transB=0, broadcast=0):
    """alpha · A B + beta · C, with A [m, k] and B [k, n] (transposed where asked) and C broadcast to [m, n]."""
    A = A.t() if transA else A
    B = B.t() if transB else B
    if A.dtype in (torch.uint32, torch.uint64):
        return in_numpy(lambda *arrays: _wrapped(*arrays, alpha=alpha, beta=beta), A, B, *(() if C is None else (C,)))
    if C is None:
        product = torch.mm(A, B)
        return product if alpha == 1.0 else (alpha * product).to(A.dtype)
    if A.is_floating_point():
        return torch.addmm(C, A, B, alpha=alpha, beta=beta)
    return (alpha * torch.mm(A, B) + beta * C).to(A.dtype)


def _wrapped(A, B, C=0, *, alpha, beta):
    """Of unsigned integers; factors that are whole numbers keep every bit."""
    alpha, beta = (A.dtype.type(x) if x >= 0 and x == int(x) else x for x in (alpha, beta))
    return (alpha * (A @ B) + beta * C).astype(A.dtype)

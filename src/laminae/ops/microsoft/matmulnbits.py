"""MatMulNBits. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.heads import refuse
from laminae.ops.ready import LATER, awaits, filled, held, room_for
from laminae.ops.registry import operator


def matmulnbits_shape(A, B, scales, *others, K, N, block_size, bits=4, accuracy_level=0, weight_prepacked=0):
    check_packing(bits, weight_prepacked)
    if not same_dim(A.shape[-1], K):
        raise ShapeError("A does not fit the weights", {"expected": f"[…, {K}]", "found": format_shape(A.shape)})
    return Spec(A.dtype, (*A.shape[:-1], N))


def check_packing(bits, weight_prepacked):
    refuse(weight_prepacked=weight_prepacked)
    if bits not in (2, 4, 8):
        raise AttributeValueError(f"bits {bits} is not known", {"known": "2, 4, 8"})


def matmulnbits_cost(A, B, scales, *others, K, N, **attributes):
    return Spec(A.dtype, known(A.shape)).size * N


def matmulnbits_ready(
    A, B, scales, zero_points=None, g_idx=None, bias=None, *, K, N, accuracy_level=0, bits=4, block_size, weight_prepacked=0
):  # fmt: skip
    """W unpacked, if there is room."""
    check_packing(bits, weight_prepacked)
    if A is not LATER or awaits(B, scales, zero_points) or not B.numel() or not room_for(N * K * scales.itemsize):
        return None
    W = unpacked_weight(B, scales, zero_points, K, N, bits, scales.dtype).contiguous()
    held(W)

    def call(A, bias):
        if A.dtype != W.dtype:
            return matmulnbits(A, B, scales, zero_points, None, bias, K=K, N=N, bits=bits, block_size=block_size)
        return torch.nn.functional.linear(A, W, bias)

    return filled(call, (A, bias))


@operator(
    "MatMulNBits", kind="linear", shape=matmulnbits_shape, cost=matmulnbits_cost, domain="com.microsoft", ready=matmulnbits_ready
)
def matmulnbits(
    A, B, scales, zero_points=None, g_idx=None, bias=None, *, K, N, accuracy_level=0, bits=4, block_size, weight_prepacked=0
):  # fmt: skip
    """A Wᵀ + bias with A [..., K]; W [N, K] is packed in B [N, blocks, block_size · bits / 8], lowest bits first.

    W = (B - zero point) · scale, one of each per block: scales [N, blocks], zero points too, or packed, or 2^(bits - 1).
    """
    check_packing(bits, weight_prepacked)
    if not B.numel():
        Y = A.new_zeros(*A.shape[:-1], N)
        return Y if bias is None else Y + bias
    return torch.nn.functional.linear(A, unpacked_weight(B, scales, zero_points, K, N, bits, A.dtype), bias)


def unpacked_weight(B, scales, zero_points, K, N, bits, dtype):
    """W [N, K]."""
    scales = scales.reshape(N, -1, 1)
    if zero_points is None:
        shift = 2 ** (bits - 1)
    elif zero_points.dtype == torch.uint8:
        shift = unpacked(zero_points.reshape(N, -1), bits)[:, : scales.shape[1], None].to(dtype)
    else:
        shift = zero_points.reshape(N, -1, 1)
    numbers = unpacked(B.reshape(N, scales.shape[1], -1), bits).to(dtype)
    return ((numbers - shift) * scales).flatten(1)[:, :K]


def unpacked(packed, bits):
    """Each byte's numbers of so many bits, lowest first: the last axis grows 8 / bits times."""
    return torch.stack([(packed >> shift) & (2**bits - 1) for shift in range(0, 8, bits)], -1).flatten(-2)

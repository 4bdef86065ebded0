"""Products of 8-bit integers by products of floats: those are fast, and exact where no sum leaves the integers they hold."""

from laminae.base import torch

FLOAT32 = 2**24
"""Up to here float32 holds every integer."""


def largest(x, zero_point):
    """The most that |x - zero_point| can be: by the dtype alone where the zero point is on another device."""
    low, high = (0, 255) if x.dtype == torch.uint8 else (-128, 127)
    if zero_point is None:
        return max(-low, high)
    if not zero_point.is_cpu or not zero_point.numel():
        return 255
    zeros = zero_point.flatten().tolist()
    return max(high - min(zeros), max(zeros) - low)


def product(A, B, most_a, most_b, dtype):
    """A B in `dtype`, exact, where A [..., m, k] and B [..., k, n] are float32 of integers up to most_a and most_b.

    Where the sums could grow too large for float32, k is cut into as few parts as need be.
    """
    length = max(1, FLOAT32 // max(1, most_a * most_b))
    if A.shape[-1] <= length:
        return torch.matmul(A, B).to(dtype)
    parts = zip(A.split(length, -1), B.split(length, -2 if B.ndim > 1 else -1), strict=True)
    first, *others = (torch.matmul(a, b) for a, b in parts)
    total = first.to(dtype)
    for other in others:
        total += other.to(dtype)
    return total

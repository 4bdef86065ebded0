"""Moving elements whose dtype torch has few kernels for: as integers of the same size."""

from functools import cache

from laminae.base import torch


@cache
def _integers():
    unsigned = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}
    eight = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
    return unsigned | {getattr(torch, name): torch.uint8 for name in eight if hasattr(torch, name)}


def movable(x):
    """`x`, or its bits as integers where torch cannot gather, scatter or mask its dtype; `restored` leads back."""
    integer = _integers().get(x.dtype)
    return x if integer is None else x.view(integer)


def restored(y, dtype):
    """What was moved, in its own dtype (a view to the same dtype would cut the derivative)."""
    return y if y.dtype == dtype else y.view(dtype)


def chosen(x, axis, index):
    """The entries of `x` along `axis` at `index`, [n]; any dtype."""
    return restored(movable(x).index_select(axis, index), x.dtype)


def counted(take, indices, n):
    """take(indices), where negative ones count from the end of an axis of `n`, which torch's kernels refuse.

    On the CPU they look at every index themselves: only what they refuse is looked at here.
    """
    if indices.is_cpu:
        try:
            return take(indices)
        except (IndexError, RuntimeError):  # then from the end, or outside
            pass
    return take(torch.where(indices < 0, indices + n, indices))


def flipped(x, axes):
    """`x` in reverse along `axes`; any dtype."""
    return restored(movable(x).flip(axes), x.dtype)

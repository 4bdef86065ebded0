"""Broadcasting until opset 6: B's sizes stand under A's from `axis` on; without `axis` under A's last ones, as ever since."""

from laminae.base.shapes import Spec


def _missing(rank_a, rank_b, axis):
    """How many axes of size 1 B lacks at its end."""
    return 0 if axis is None else max(0, rank_a - rank_b - (axis + rank_a if axis < 0 else axis))


def aligned(A, B, axis):
    """B with its sizes under A's from `axis` on."""
    missing = _missing(A.ndim, B.ndim, axis)
    return B.reshape(B.shape + (1,) * missing) if missing else B


def aligned_shape(rule):
    """The rule of two inputs as it was with `axis` and `broadcast`."""

    def old(A, B, *, axis=None, broadcast=0, consumed_inputs=None):
        missing = _missing(A.rank, B.rank, axis)
        return rule(A, Spec(B.dtype, B.shape + (1,) * missing) if missing else B)

    return old

"""Sliding windows: what kernel, strides, pads, dilations, auto_pad and ceil_mode mean, shared by convolutions and pools.

Along one axis: `size` elements, `begin` and `end` padded on, windows that reach over (kernel - 1) · dilation + 1 elements,
one every `stride`. In shape rules a size may be a name or None. Lists left out (None) mean ones, or zeros for pads.
"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import format_shape

AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def same_pads(size, stride, reach, auto_pad):
    """(begin, end) that give ceil(size / stride) windows; the odd one at the end for SAME_UPPER."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return (total // 2, total - total // 2) if auto_pad == "SAME_UPPER" else (total - total // 2, total // 2)


def axis_pads(sizes, kernel, strides, dilations, pads, auto_pad):
    """(begin, end) of each axis, as auto_pad or else `pads` says."""
    n = len(kernel)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        axes = zip(sizes, kernel, strides or [1] * n, dilations or [1] * n, strict=True)
        return [same_pads(size, stride, (k - 1) * dilation + 1, auto_pad) for size, k, stride, dilation in axes]
    if auto_pad == "VALID" or pads is None:
        return [(0, 0)] * n
    return list(zip(pads[:n], pads[n:], strict=True))


def symmetric_pads(pads, auto_pad):
    """The pads that torch takes itself: one per axis, or one for all; None where begin and end differ."""
    if auto_pad == "NOTSET" or not auto_pad:
        if pads is None:
            return (0,)
        half = len(pads) // 2
        begin = pads[:half]
        return begin if begin == pads[half:] else None
    return (0,) if auto_pad == "VALID" else None


def window_count(size, reach, stride, begin, end, ceil_mode):
    """How many windows fit; with ceil_mode the last may stick out, but must not begin in the end pads."""
    free = size + begin + end - reach
    if not ceil_mode:
        return free // stride + 1
    count = -(-free // stride) + 1
    return count - 1 if (count - 1) * stride >= size + begin else count


def ceil_pads(sizes, kernel, strides, dilations, axes):
    """What ceil_mode adds to the end of each axis so that every window is full; `axes` holds (begin, end) pairs."""
    n, more = len(kernel), []
    for size, k, stride, dilation, (begin, end) in zip(
        sizes, kernel, strides or [1] * n, dilations or [1] * n, axes, strict=True
    ):
        reach = (k - 1) * dilation + 1
        count = window_count(size, reach, stride, begin, end, 1)
        more.append((0, max((count - 1) * stride + reach - size - begin - end, 0)))
    return more


def padded(X, axes, value=0.0):
    """X with its last axes padded by (begin, end) pairs (negative: cropped)."""
    flat = [amount for pair in reversed(axes) for amount in pair]
    return torch.nn.functional.pad(X, flat, value=value) if any(flat) else X


def put_pads(X, axes, value=0.0):
    """(X, the pads that torch is to add): X as it is where begin and end are equal, else X padded and none."""
    if all(begin == end for begin, end in axes):
        return X, tuple(begin for begin, _ in axes)
    return padded(X, axes, value), (0,)


def pool_takes(padding, kernel):
    """Whether torch's pools take the padding: up to half of the window."""
    return not any(padding) or all(2 * pad <= k for pad, k in zip(padding, kernel, strict=True))


def windows(X, kernel, strides=None, dilations=None):
    """All windows, as a view: [N, C, *sizes] → [N, C, *counts, *kernel]."""
    for i, k in enumerate(kernel):
        dilation = dilations[i] if dilations else 1
        X = X.unfold(i + 2, (k - 1) * dilation + 1, strides[i] if strides else 1)[..., ::dilation]
    return X


def window_sums(X, kernel, strides=None, dilations=None):
    """The sum of each window: [N, C, *sizes] → [N, C, *counts]; X is padded already."""
    if len(kernel) == 2 and X.is_floating_point() and (dilations is None or max(dilations) == 1):
        return torch.nn.functional.avg_pool2d(X, kernel, strides or (1,), divisor_override=1)
    return windows(X, kernel, strides, dilations).flatten(-len(kernel)).sum(-1)


def window_dims(sizes, kernel, strides=None, dilations=None, pads=None, auto_pad="NOTSET", ceil_mode=0):
    """How many windows there are along each axis; a name stays where the size does. Raises ShapeError where none fits."""
    n = len(sizes)
    for name, found, length in (
        ("kernel_shape", kernel, n), ("strides", strides, n), ("dilations", dilations, n), ("pads", pads, 2 * n)
    ):  # fmt: skip
        if found is not None and len(found) != length:
            raise ShapeError(f"{name} does not fit an input with {n} spatial axes", {"expected": length, "found": len(found)})
    if auto_pad and auto_pad not in AUTO_PADS:
        raise AttributeValueError(f"auto_pad {auto_pad!r} is not known", {"known": ", ".join(AUTO_PADS)})
    strides, dilations = strides or [1] * n, dilations or [1] * n
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        return tuple(
            size if stride == 1 else -(-size // stride) if isinstance(size, int) else None
            for size, stride in zip(sizes, strides, strict=True)
        )
    axes = zip(sizes, kernel, strides, dilations, axis_pads(sizes, kernel, strides, dilations, pads, auto_pad), strict=True)
    return tuple(_window_dim(sizes, *axis, ceil_mode) for axis in axes)


def _window_dim(sizes, size, k, stride, dilation, ends, ceil_mode):
    if not isinstance(k, int):
        return None
    reach = (k - 1) * dilation + 1
    if not isinstance(size, int):
        return size if stride == 1 and sum(ends) == reach - 1 else None
    count = window_count(size, reach, stride, *ends, ceil_mode)
    if count < 1:
        raise ShapeError(
            "the window does not fit into the input",
            {
                "input": format_shape(sizes),
                "expected": f"a padded size of {reach} or more",
                "found": f"{size} + {sum(ends)} of padding",
            },
        )
    return count

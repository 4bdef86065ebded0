"""Resampling along one axis at a time: how long the result is, where each of its elements lies, what it takes from there.

https://onnx.ai/onnx/operators/onnx__Resize.html; the cubic kernel is Keys 1981, https://ieeexplore.ieee.org/document/1163711,
equation 4.
"""

import math

import numpy as np

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import known
from laminae.ops.bits import chosen

ROUND = {
    "round_prefer_floor": lambda x, scale: (x - 0.5).ceil(),
    "round_prefer_ceil": lambda x, scale: (x + 0.5).floor(),
    "floor": lambda x, scale: x.floor(),
    "ceil": lambda x, scale: x.ceil(),
    "until_opset_10": lambda x, scale: x.floor() if scale >= 1 else x.ceil(),
}
"""How nearest_mode makes a place a whole number."""


def lengths(dims, scales, sizes, policy="stretch"):
    """The new sizes of `dims` (numbers, names or None), by scales (floor of the product in float32) or by sizes."""
    if scales is not None:
        return [_scaled(dim, scale) for dim, scale in zip(dims, scales, strict=True)]
    if policy == "stretch":
        return list(sizes)
    scale = common_scale(known(dims), known(sizes), policy)
    return [int(scale * dim + 0.5) for dim in known(dims)]


def _scaled(dim, scale):
    if not isinstance(dim, int):
        return dim if scale == 1 else None
    if not 0 <= scale < math.inf:
        raise ShapeError("a scale is not a positive number", {"found": scale})
    return int(np.floor(np.float32(dim) * np.float32(scale)))


def common_scale(dims, sizes, policy):
    """The one scale of all axes that keeps the aspect ratio."""
    ratios = [size / dim for dim, size in zip(dims, sizes, strict=True) if dim]
    if policy not in ("not_larger", "not_smaller"):
        raise AttributeValueError(f"there is no keep_aspect_ratio_policy {policy!r}")
    return (min if policy == "not_larger" else max)(ratios, default=1.0)


TAPS = {"nearest": 0, "linear": 2, "bilinear": 2, "cubic": 4}
"""Mode → the products for each element along one axis."""


def resampling_cost(old, new, mode, antialias=0):
    """Axis by axis, from the first: each element made takes its neighbours, more of them where antialiasing shrinks."""
    dims, total = list(known(old)), 0
    for axis, (before, after) in enumerate(zip(known(old), known(new), strict=True)):
        if before != after:
            dims[axis] = after
            wide = max(1, -(-before // after)) if antialias and after else 1
            total += math.prod(dims) * min(TAPS[mode] * wide, before)
    return total


def places(n, out, scale, mode, roi=(0.0, 1.0)):
    """Where each of `out` elements lies among the `n` of the input; float64, [out]."""
    y, width = torch.arange(out, dtype=torch.float64), scale * n
    if mode == "align_corners":
        return y * (n - 1) / (width - 1) if width != 1 else y * 0
    if mode == "asymmetric":
        return y / scale
    if mode == "tf_crop_and_resize":
        begin, end = roi
        inside = y * (end - begin) * (n - 1) / (width - 1) if width != 1 else y * 0 + (end - begin) * (n - 1) / 2
        return inside + begin * (n - 1)
    if mode == "pytorch_half_pixel" and out <= 1:
        return y * 0
    if mode == "tf_half_pixel_for_nn":
        return (y + 0.5) / scale
    if mode in ("half_pixel", "pytorch_half_pixel"):
        return (y + 0.5) / scale - 0.5
    if mode == "half_pixel_symmetric":
        return n / 2 * (1 - out / width) + (y + 0.5) / scale - 0.5
    raise AttributeValueError(f"there is no coordinate_transformation_mode {mode!r}")


def nearest(X, axis, x, scale, rounding):
    """The elements of `X` nearest to the places `x` along `axis`."""
    if rounding not in ROUND:
        raise AttributeValueError(f"there is no nearest_mode {rounding!r}")
    index = ROUND[rounding](x, scale).clamp(0, X.shape[axis] - 1).long()
    return chosen(X, axis, index.to(X.device))


def cubic_kernel(distance, a):
    """Keys' cubic convolution, zero from a distance of 2 on."""
    d = distance.abs()
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))


def weighted(X, axis, x, *, scale=1.0, cubic=None, exclude_outside=False):
    """Means of the elements of `X` around the places `x` along `axis`: linear, or cubic with the coefficient `cubic`.

    scale: below 1 it stretches the kernel (antialias). Outside, the edge is repeated, or left out where asked.
    """
    n, scale = X.shape[axis], min(scale, 1.0)
    radius = math.ceil((1 if cubic is None else 2) / scale)
    index = x.floor()[:, None] + torch.arange(1 - radius, radius + 1)
    distance = (index - x[:, None]) * scale
    weight = (1 - distance.abs()).clamp(min=0) if cubic is None else cubic_kernel(distance, cubic)
    if exclude_outside:
        weight = weight * ((index >= 0) & (index < n))
    if exclude_outside or scale < 1:
        whole = weight.sum(1, keepdim=True)
        weight = weight / torch.where(whole == 0, torch.ones_like(whole), whole)
    index = index.clamp(0, n - 1).long()
    return _mixed(X, axis, index.to(X.device), weight.to(X.device, X.dtype))


def _mixed(X, axis, index, weight):
    """Σ over k of weight[:, k] times X at index[:, k] along `axis`; few by gathering, many as one matrix."""
    out, taps = index.shape
    if taps > 4:
        matrix = weight.new_zeros(out, X.shape[axis]).scatter_add(1, index, weight)
        return torch.tensordot(X, matrix, dims=([axis], [1])).movedim(-1, axis)
    shape = [1] * X.ndim
    shape[axis] = out
    parts = (X.index_select(axis, index[:, k]) * weight[:, k].view(shape) for k in range(taps))
    return sum(parts)

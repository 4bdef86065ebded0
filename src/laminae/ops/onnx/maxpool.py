"""MaxPool. https://onnx.ai/onnx/operators/onnx__MaxPool.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import pooling
from laminae.ops.registry import operator
from laminae.ops.windows import axis_pads, ceil_pads, padded, pool_takes, symmetric_pads, window_dims, windows


def maxpool_shape(
    X, *, auto_pad="NOTSET", ceil_mode=0, dilations=None, kernel_shape, pads=None, storage_order=0, strides=None, n_outputs=1
):
    dims = (*X.shape[:2], *window_dims(X.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode))
    return Spec(X.dtype, dims), Spec("int64", dims)


@operator("MaxPool", kind="pooling", shape=maxpool_shape, cost=pooling)
def maxpool(
    X, *, auto_pad="NOTSET", ceil_mode=0, dilations=None, kernel_shape, pads=None, storage_order=0, strides=None, n_outputs=1
):
    """The largest of each window: [N, C, *sizes] → [N, C, *counts], and where it stood in X laid flat."""
    padding = symmetric_pads(pads, auto_pad)
    if n_outputs == 1 and padding is not None and X.ndim == 4 and pool_takes(padding, kernel_shape):
        return torch.max_pool2d(X, kernel_shape, strides or (1,), padding, dilations or (1,), bool(ceil_mode))
    sizes = X.shape[2:]
    axes = axis_pads(sizes, kernel_shape, strides, dilations, pads, auto_pad)
    if ceil_mode and auto_pad not in ("SAME_UPPER", "SAME_LOWER"):
        more = ceil_pads(sizes, kernel_shape, strides, dilations, axes)
        axes = [(begin, end + extra) for (begin, end), (_, extra) in zip(axes, more, strict=True)]
    wide = X if X.is_floating_point() else X.float()  # 8-bit integers, whose least must win over the pads
    Y, places = largest(padded(wide, axes, -torch.inf), kernel_shape, strides, dilations)
    Y = Y.to(X.dtype)
    if n_outputs == 1:
        return Y
    return Y, flat_indices(places, sizes, axes, storage_order)


def largest(X, kernel, strides, dilations):
    """The largest of each window of a padded X, and its flat place within its channel."""
    n = len(kernel)
    strides, dilations = strides or [1] * n, dilations or [1] * n
    if n == 1:
        Y, places = torch.nn.functional.max_pool2d_with_indices(X.unsqueeze(2), (1, *kernel), (1, *strides), 0, (1, *dilations))
        return Y.squeeze(2), places.squeeze(2)
    if n == 2:
        return torch.nn.functional.max_pool2d_with_indices(X, kernel, strides, 0, dilations)
    if n == 3:
        return torch.nn.functional.max_pool3d_with_indices(X, kernel, strides, 0, dilations)
    channel = torch.arange(X.shape[2:].numel(), device=X.device).reshape(1, 1, *X.shape[2:])
    Y, inside = windows(X, kernel, strides, dilations).flatten(-n).max(-1)
    places = windows(channel, kernel, strides, dilations).flatten(-n).expand(*Y.shape, -1)
    return Y, places.gather(-1, inside.unsqueeze(-1)).squeeze(-1)


def flat_indices(places, sizes, axes, storage_order):
    """Places within a padded channel as places within all of X; storage_order 1 counts the first spatial axis fastest."""
    padded_sizes = [size + begin + end for size, (begin, end) in zip(sizes, axes, strict=True)]
    coordinates = [c - begin for c, (begin, _) in zip(torch.unravel_index(places, padded_sizes), axes, strict=True)]
    order = zip(coordinates, sizes, strict=True)
    channels = torch.arange(places.shape[0] * places.shape[1], device=places.device).reshape(*places.shape[:2], *[1] * len(sizes))
    flat = torch.zeros_like(places)
    for coordinate, size in reversed(list(order)) if storage_order else order:
        flat = flat * size + coordinate
    return channels * sizes.numel() + flat

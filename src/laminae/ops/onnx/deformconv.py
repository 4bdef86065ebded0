"""DeformConv. https://onnx.ai/onnx/operators/onnx__DeformConv.html"""

import itertools
import math

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_shape
from laminae.ops.onnx.conv import conv_cost, conv_shape
from laminae.ops.registry import operator
from laminae.ops.rules import agreed


def deformconv_shape(
    X, W, offset, B=None, mask=None, *, dilations=None, group=1, kernel_shape=None, offset_group=1, pads=None, strides=None
):  # fmt: skip
    Y = conv_shape(X, W, B, dilations=dilations, group=group, kernel_shape=kernel_shape, pads=pads, strides=strides)
    kernel = kernel_shape or (W.shape[2:] if W.dims else [None])
    taps = offset_group * math.prod(kernel) if all(isinstance(k, int) for k in kernel) else None
    fields = (("offset", offset, None if taps is None else taps * (X.rank - 2)), ("mask", mask, taps))
    for name, found, channels in fields:
        expected = (X.shape[0], channels, *Y.shape[2:])
        if found is not None and not same_shape(found.dims, expected):
            raise ShapeError(f"{name} does not fit", {"expected": format_shape(expected), "found": format_shape(found.dims)})
    sizes = Y.shape[2:] if offset.dims is None else map(agreed, offset.dims[2:], Y.shape[2:])
    return Spec(X.dtype, (*Y.shape[:2], *sizes))


def deformconv_cost(X, W, offset, B=None, mask=None, *, offset_group=1, **attributes):
    reading = math.prod(known(offset.shape)) // (offset_group * (X.rank - 2)) * known(X.shape)[1] * 2 ** (X.rank - 2)
    return conv_cost(X, W, B, **attributes) + reading


@operator("DeformConv", since=19, kind="convolution", shape=deformconv_shape, cost=deformconv_cost)
def deformconv(
    X, W, offset, B=None, mask=None, *, dilations=None, group=1, kernel_shape=None, offset_group=1, pads=None, strides=None
):  # fmt: skip
    """Conv whose filters read X [N, C, *sizes] at places moved by `offset`, between elements linearly, times `mask`.

    W [M, C / group, *kernel]; offset [N, offset_group · kernel · axes, *counts]; mask [N, offset_group · kernel, *counts].
    Dai et al. 2017; Zhu et al. 2019.
    """
    n, counts, kernel, taps = X.ndim - 2, offset.shape[2:], W.shape[2:], W.shape[2:].numel()
    moves = offset.reshape(X.shape[0] * offset_group, taps, n, *counts).movedim(2, -1)
    places = moves + regular_places(X, kernel, counts, dilations, pads, strides)
    parts = X.reshape(X.shape[0] * offset_group, -1, *X.shape[2:])
    read = between(parts, places.flatten(1, -2))
    read = read.reshape(X.shape[0], offset_group, -1, taps, *counts)
    if mask is not None:
        read = read * mask.reshape(X.shape[0], offset_group, 1, taps, *counts)
    read = read.reshape(X.shape[0], group, W.shape[1], taps, *counts)
    Y = torch.einsum("ngck...,gmck->ngm...", read, W.reshape(group, -1, W.shape[1], taps)).flatten(1, 2)
    return Y if B is None else Y + B.reshape(-1, *[1] * n)


def regular_places(X, kernel, counts, dilations, pads, strides):
    """Where Conv's filters would read: [taps, *counts, axes]."""
    n = X.ndim - 2
    dilations, strides, pads = dilations or [1] * n, strides or [1] * n, pads or [0] * n
    axes = []
    for i, (k, count) in enumerate(zip(kernel, counts, strict=True)):
        tap = torch.arange(k, dtype=X.dtype, device=X.device) * dilations[i] - pads[i]
        first = torch.arange(count, dtype=X.dtype, device=X.device) * strides[i]
        here = [1] * 2 * n
        here[i], here[n + i] = k, count
        axes.append((tap.unsqueeze(1) + first).reshape(here).expand(*kernel, *counts))
    return torch.stack(axes, -1).flatten(0, n - 1)


def between(X, places):
    """X [N, C, *sizes] at places [N, count, axes], linearly between elements, zero outside: [N, C, count]."""
    flat, low, Y = X.flatten(2), places.detach().floor(), 0
    part = places - low
    for corner in itertools.product((0, 1), repeat=places.shape[-1]):
        index, weight = 0, 1
        for axis, (step, size) in enumerate(zip(corner, X.shape[2:], strict=True)):
            place = low[..., axis] + step
            index = index * size + place.clamp(0, size - 1).long()
            share = part[..., axis] if step else 1 - part[..., axis]
            weight = weight * share * ((place >= 0) & (place < size))
        Y = Y + flat.gather(2, index.unsqueeze(1).expand(-1, flat.shape[1], -1)) * weight.unsqueeze(1)
    return Y

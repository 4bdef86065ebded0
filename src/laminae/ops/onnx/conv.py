"""Conv. https://onnx.ai/onnx/operators/onnx__Conv.html"""

import math

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.registry import operator
from laminae.ops.windows import axis_pads, padded, put_pads, symmetric_pads, window_dims, windows


def conv_shape(X, W, B=None, *, auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, pads=None, strides=None):
    batch, channels, *sizes = X.shape
    features, per_group, *kernel = W.shape if W.dims else (None, None, *(kernel_shape or X.shape[2:]))
    if W.dims and len(W.dims) != X.rank:
        raise ShapeError("X and W must have the same rank", {"X": format_shape(X.shape), "W": format_shape(W.shape)})
    if kernel_shape is not None and not (len(kernel_shape) == len(kernel) and all(map(same_dim, kernel_shape, kernel))):
        raise ShapeError("W is not of kernel_shape", {"expected": format_shape(kernel_shape), "found": format_shape(kernel)})
    if isinstance(channels, int) and isinstance(per_group, int) and channels != per_group * group:
        raise ShapeError(
            "the channels of X do not fit W",
            {
                "X": format_shape(X.shape),
                "W": format_shape(W.shape),
                "expected": f"{per_group} · group {group} = {per_group * group} channels",
                "found": channels,
            },
        )
    if isinstance(features, int) and features % group:
        raise ShapeError("the filters of W do not divide into groups", {"W": format_shape(W.shape), "group": group})
    if B is not None and B.dims is not None and not (B.rank == 1 and same_dim(B.dims[0], features)):
        raise ShapeError(
            "B must have one element per filter", {"expected": format_shape([features]), "found": format_shape(B.dims)}
        )
    if not (W.dims or kernel_shape):
        kernel = [None] * len(sizes)
    kernel = [k if known is None else known for k, known in zip(kernel, kernel_shape or kernel, strict=True)]
    return Spec(X.dtype, (batch, features, *window_dims(sizes, kernel, strides, dilations, pads, auto_pad)))


def conv_cost(X, W, B=None, **attributes):
    return math.prod(known(conv_shape(X, W, B, **attributes).shape)) * math.prod(known(W.shape[1:]))


@operator("Conv", kind="convolution", shape=conv_shape, cost=conv_cost)
def conv(X, W, B=None, *, auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, pads=None, strides=None):
    """X [N, C, *sizes] with the filters W [M, C / group, *kernel], plus B [M] → [N, M, *counts].

    Y[n, m, p] = B[m] + Σ W[m, c, k] · X[n, c, p · stride + k · dilation - pad]
    """
    n = X.ndim - 2
    padding = symmetric_pads(pads, auto_pad)
    if padding is None:
        X, padding = put_pads(X, axis_pads(X.shape[2:], W.shape[2:], strides, dilations, pads, auto_pad))
    if 0 < n < 4:
        wide = strides is not None and strides[-1] > 1 and X.dtype in (torch.bfloat16, torch.float16) and X.device.type == "cpu"
        if wide:  # torch 2.13 reads memory that is not X's where 16-bit floats are strided along the last axis
            return conv32(X, W, B, strides, padding, dilations or (1,), group)
        return torch.convolution(X, W, B, strides or (1,), padding, dilations or (1,), False, (0,), group)
    X = padded(X, [(pad, pad) for pad in (padding if len(padding) == n else padding * n)])
    Y = convolve_windows(X, W, strides, dilations, group)
    return Y if B is None else Y + B.reshape(-1, *[1] * n)


def conv32(X, W, B, strides, padding, dilations, group):
    """16-bit floats by way of float32, rounded once."""
    B = None if B is None else B.float()
    return torch.convolution(X.float(), W.float(), B, strides, padding, dilations, False, (0,), group).to(X.dtype)


def convolve_windows(X, W, strides, dilations, group):
    """The same for any number of axes, over a view of all windows; X is padded already."""
    n = X.ndim - 2
    view = windows(X, W.shape[2:], strides, dilations)
    view = view.reshape(X.shape[0], group, W.shape[1], *view.shape[2 : 2 + n], W.shape[2:].numel())
    Y = torch.einsum("ngc...k,gmck->ngm...", view, W.reshape(group, -1, W.shape[1], view.shape[-1]))
    return Y.flatten(1, 2)

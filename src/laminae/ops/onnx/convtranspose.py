"""ConvTranspose. https://onnx.ai/onnx/operators/onnx__ConvTranspose.html"""

import math

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.registry import operator
from laminae.ops.windows import padded, symmetric_pads


def convtranspose_shape(
    X, W, B=None, *, auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, output_padding=None, output_shape=None,
    pads=None, strides=None,
):  # fmt: skip
    batch, channels, *sizes = X.shape
    n = len(sizes)
    if W.dims is not None and W.rank != X.rank:
        raise ShapeError("X and W must have the same rank", {"X": format_shape(X.shape), "W": format_shape(W.dims)})
    if W.dims is not None and not same_dim(channels, W.dims[0]):
        details = {"X": format_shape(X.shape), "W": format_shape(W.dims), "expected": f"{W.dims[0]} channels", "found": channels}
        raise ShapeError("the channels of X do not fit W", details)
    per_group, kernel = (W.dims[1], W.dims[2:]) if W.dims is not None else (None, kernel_shape or [None] * n)
    features = per_group * group if isinstance(per_group, int) else per_group if group == 1 else None
    if output_shape is not None:
        counts = output_shape[-n:]
    else:
        ends = [(0, 0)] * n if auto_pad == "VALID" or pads is None else list(zip(pads[:n], pads[n:], strict=True))
        axes = zip(sizes, kernel, strides or [1] * n, dilations or [1] * n, output_padding or [0] * n, ends, strict=True)
        counts = [transposed_size(*axis, auto_pad) for axis in axes]
    if any(isinstance(count, int) and count < 0 for count in counts):
        raise ShapeError("the pads take away more than there is", {"X": format_shape(X.shape), "found": format_shape(counts)})
    return Spec(X.dtype, (batch, features, *counts))


def transposed_size(size, k, stride, dilation, extra, ends, auto_pad):
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        return size * stride if isinstance(size, int) else size if stride == 1 else None
    if not isinstance(k, int):
        return None
    grown = (k - 1) * dilation + 1 + extra - sum(ends) - stride
    if not isinstance(size, int):
        return size if stride == 1 and grown == 0 else None
    return size * stride + grown


def convtranspose_cost(X, W, B=None, **attributes):
    return math.prod(known(X.shape)) * math.prod(known(W.shape[1:]))


@operator("ConvTranspose", kind="convolution", shape=convtranspose_shape, cost=convtranspose_cost)
def convtranspose(
    X, W, B=None, *, auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, output_padding=None, output_shape=None,
    pads=None, strides=None,
):  # fmt: skip
    """X [N, C, *sizes] with the filters W [C, M / group, *kernel], plus B [M] → [N, M, *counts].

    Every element of X adds itself times the filter from position · stride - begin on, in steps of the dilation:
    count = (size - 1) · stride + (kernel - 1) · dilation + 1 + output_padding - begin - end.
    """
    n = X.ndim - 2
    if not 0 < n < 4:
        raise AttributeValueError(f"ConvTranspose runs over 1 to 3 spatial axes, not {n}")
    strides, dilations, extra = strides or [1] * n, dilations or [1] * n, output_padding or [0] * n
    padding = symmetric_pads(pads, auto_pad) if output_shape is None else None
    if padding is not None:
        return torch.convolution(X, W, B, strides, padding, dilations, True, extra, group)
    Y = torch.convolution(X, W, None, strides, (0,), dilations, True, (0,), group)
    if output_shape is None and auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        output_shape = [size * stride for size, stride in zip(X.shape[2:], strides, strict=True)]
    if output_shape is None:
        axes = zip(pads[:n], pads[n:], strict=True)
    else:
        axes = shared_pads(
            [full + e - wanted for full, e, wanted in zip(Y.shape[2:], extra, output_shape[-n:], strict=True)], auto_pad
        )
    Y = padded(Y, [(-begin, more - end) for (begin, end), more in zip(axes, extra, strict=True)])
    return Y if B is None else Y + B.reshape(-1, *[1] * n)


def shared_pads(totals, auto_pad):
    """(begin, end) of each axis; the odd one at the end for SAME_UPPER, else at the beginning; what is missing, at the end."""
    halves = [(total // 2, total - total // 2) if total > 0 else (0, total) for total in totals]
    return [(a, b) if auto_pad == "SAME_UPPER" or total < 0 else (b, a) for (a, b), total in zip(halves, totals, strict=True)]

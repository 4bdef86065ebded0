"""MaxUnpool. https://onnx.ai/onnx/operators/onnx__MaxUnpool.html"""

from laminae.base.shapes import Spec
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import int_list


def maxunpool_shape(X, I, output_shape=None, *, kernel_shape, pads=None, strides=None):  # noqa: E741
    if output_shape is not None:
        found = int_list(output_shape)
        return Spec(X.dtype, tuple(found))
    return Spec(X.dtype, (*X.shape[:2], *unpooled(X.shape[2:], kernel_shape, pads, strides)))


def unpooled(sizes, kernel, pads, strides):
    """(size - 1) · stride + kernel - begin - end along each axis, open where the size has a name."""
    n = len(kernel)
    axes = zip(sizes, kernel, strides or [1] * n, (pads or [0] * 2 * n)[:n], (pads or [0] * 2 * n)[n:], strict=True)
    return [(size - 1) * stride + k - begin - end if isinstance(size, int) else None for size, k, stride, begin, end in axes]


@operator("MaxUnpool", since=9, kind="pooling", shape=maxunpool_shape, cost=free)
def maxunpool(X, I, output_shape=None, *, kernel_shape, pads=None, strides=None):  # noqa: E741
    """X [N, C, *counts] put back where I, MaxPool's places in its flat input, says; zeros elsewhere, up to output_shape."""
    sizes = [*X.shape[:2], *unpooled(X.shape[2:], kernel_shape, pads, strides)]
    whole = [int(size) for size in output_shape] if output_shape is not None else sizes
    flat = X.new_zeros(sizes).flatten().scatter(0, I.flatten(), X.flatten())
    return flat.reshape(sizes) if whole == sizes else cornered(flat.reshape(sizes), whole)


def cornered(Y, sizes):
    whole = Y.new_zeros(sizes)
    whole[tuple(slice(size) for size in Y.shape)] = Y
    return whole

"""LpPool. https://onnx.ai/onnx/operators/onnx__LpPool.html"""

from laminae.base.shapes import Spec
from laminae.ops.costs import pooling
from laminae.ops.registry import operator
from laminae.ops.windows import axis_pads, ceil_pads, padded, window_dims, window_sums


def lppool_shape(X, *, auto_pad="NOTSET", ceil_mode=0, dilations=None, kernel_shape, p=2, pads=None, strides=None):
    return Spec(X.dtype, (*X.shape[:2], *window_dims(X.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)))


@operator("LpPool", kind="pooling", shape=lppool_shape, cost=pooling)
def lppool(X, *, auto_pad="NOTSET", ceil_mode=0, dilations=None, kernel_shape, p=2, pads=None, strides=None):
    """(Σ |x|ᵖ)^(1/p) of each window: [N, C, *sizes] → [N, C, *counts]; pads are zeros."""
    axes = axis_pads(X.shape[2:], kernel_shape, strides, dilations, pads, auto_pad)
    powers = padded(X.abs() ** p, axes)
    if ceil_mode:
        powers = padded(powers, ceil_pads(X.shape[2:], kernel_shape, strides, dilations, axes))
    return window_sums(powers, kernel_shape, strides, dilations) ** (1 / p)

"""AveragePool. https://onnx.ai/onnx/operators/onnx__AveragePool.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import pooling
from laminae.ops.registry import operator
from laminae.ops.windows import axis_pads, ceil_pads, padded, pool_takes, symmetric_pads, window_dims, window_sums


def averagepool_shape(
    X, *, auto_pad="NOTSET", ceil_mode=0, count_include_pad=0, dilations=None, kernel_shape, pads=None, strides=None
):
    return Spec(X.dtype, (*X.shape[:2], *window_dims(X.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)))


@operator("AveragePool", kind="pooling", shape=averagepool_shape, cost=pooling)
def averagepool(X, *, auto_pad="NOTSET", ceil_mode=0, count_include_pad=0, dilations=None, kernel_shape, pads=None, strides=None):
    """The mean of each window: [N, C, *sizes] → [N, C, *counts]; pads count as zeros where count_include_pad, else not."""
    padding = symmetric_pads(pads, auto_pad)
    if padding is not None and X.ndim == 4 and (dilations is None or max(dilations) == 1) and pool_takes(padding, kernel_shape):
        return torch.nn.functional.avg_pool2d(X, kernel_shape, strides or (1,), padding, bool(ceil_mode), bool(count_include_pad))
    sizes = X.shape[2:]
    axes = axis_pads(sizes, kernel_shape, strides, dilations, pads, auto_pad)
    more = ceil_pads(sizes, kernel_shape, strides, dilations, axes) if ceil_mode else [(0, 0)] * len(axes)
    counted = padded(X.new_ones([1, 1, *sizes]), axes, float(count_include_pad))
    total = window_sums(padded(padded(X, axes), more), kernel_shape, strides, dilations)
    return total / window_sums(padded(counted, more), kernel_shape, strides, dilations)

"""ConvInteger. https://onnx.ai/onnx/operators/onnx__ConvInteger.html"""

import platform

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.integers import FLOAT32, largest
from laminae.ops.onnx.conv import conv, conv_cost, conv_shape
from laminae.ops.registry import operator


def convinteger_shape(x, w, x_zero_point=None, w_zero_point=None, **attributes):
    return Spec("int32", conv_shape(x, w, **attributes).dims)


def convinteger_cost(x, w, x_zero_point=None, w_zero_point=None, **attributes):
    return conv_cost(x, w, **attributes)


def float32_holds(w, most):
    """Whether no sum of products of a filter and integers up to `most` can leave the integers of float32.

    Only where the kernel adds such products: oneDNN's on x86 does. Others transform tiles first (Winograd), which rounds.
    """
    if not w.is_cpu or not w.numel() or platform.machine() not in ("x86_64", "AMD64") or not torch.backends.mkldnn.enabled:
        return False
    return w.abs().flatten(1).sum(1).max().item() * most < FLOAT32


@operator("ConvInteger", since=10, kind="convolution", shape=convinteger_shape, cost=convinteger_cost)
def convinteger(
    x, w, x_zero_point=None, w_zero_point=None, *, auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, pads=None,
    strides=None,
):  # fmt: skip
    """Conv of x - x_zero_point with w - w_zero_point (one, or one per filter), exact, as int32; pads are x_zero_point."""
    most = largest(x, x_zero_point)
    w = w.float() if w_zero_point is None else w.float() - w_zero_point.reshape(-1, *[1] * (w.ndim - 1))
    dtype = torch.float32 if float32_holds(w, most) else torch.float64
    x = x.to(dtype) if x_zero_point is None else x.to(dtype) - x_zero_point
    y = conv(x, w.to(dtype), auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return y.to(torch.int32)  # whole numbers already

"""ConvInteger. https://onnx.ai/onnx/operators/onnx__ConvInteger.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.onnx.conv import conv, conv_cost, conv_shape
from laminae.ops.registry import operator


def convinteger_shape(x, w, x_zero_point=None, w_zero_point=None, **attributes):
    return Spec("int32", conv_shape(x, w, **attributes).dims)


def convinteger_cost(x, w, x_zero_point=None, w_zero_point=None, **attributes):
    return conv_cost(x, w, **attributes)


@operator("ConvInteger", since=10, kind="convolution", shape=convinteger_shape, cost=convinteger_cost)
def convinteger(
    x, w, x_zero_point=None, w_zero_point=None, *, auto_pad="NOTSET", dilations=None, group=1, kernel_shape=None, pads=None,
    strides=None,
):  # fmt: skip
    """Conv of x - x_zero_point with w - w_zero_point (one, or one per filter), exact, as int32; pads are x_zero_point."""
    x, w = x.double(), w.double()
    if x_zero_point is not None:
        x = x - x_zero_point
    if w_zero_point is not None:
        w = w - w_zero_point.reshape(-1, *[1] * (w.ndim - 1))
    y = conv(x, w, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return y.round().to(torch.int32)

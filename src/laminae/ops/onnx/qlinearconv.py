"""QLinearConv. https://onnx.ai/onnx/operators/onnx__QLinearConv.html"""

from laminae.base.shapes import Spec
from laminae.ops.onnx.conv import conv_cost, conv_shape
from laminae.ops.onnx.convinteger import convinteger
from laminae.ops.quantization import column, requantized
from laminae.ops.registry import operator


def qlinearconv_shape(x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B=None, **attributes):
    return Spec(y_zero_point.dtype, conv_shape(x, w, B, **attributes).dims)


def qlinearconv_cost(x, x_scale, x_zero_point, w, *inputs, **attributes):
    return conv_cost(x, w, **attributes)


@operator("QLinearConv", since=10, kind="convolution", shape=qlinearconv_shape, cost=qlinearconv_cost)
def qlinearconv(
    x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B=None, *, auto_pad="NOTSET", dilations=None,
    group=1, kernel_shape=None, pads=None, strides=None,
):  # fmt: skip
    """Conv of quantized x and w (scale and zero point for all, or one per filter) with an int32 bias, quantized again."""
    total = convinteger(
        x, w, x_zero_point, w_zero_point, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides
    )
    if B is not None:
        total = total + column(B, x.ndim - 1)
    return requantized(total, column(x_scale * w_scale / y_scale, x.ndim - 1), y_zero_point)

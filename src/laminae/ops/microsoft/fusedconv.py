"""FusedConv. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedConv"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError
from laminae.ops.onnx.conv import conv, conv_cost, conv_shape
from laminae.ops.registry import operator

ACTIVATIONS = ("", "Relu", "Tanh", "Sigmoid", "LeakyRelu", "Clip", "HardSigmoid")


def fusedconv_shape(X, W, B=None, Z=None, *, activation="", activation_params=None, **attributes):
    if activation not in ACTIVATIONS:
        raise AttributeValueError(f"activation {activation!r} is not known", {"known": ", ".join(ACTIVATIONS[1:])})
    return conv_shape(X, W, B, **attributes)


def fusedconv_cost(X, W, B=None, Z=None, *, activation="", activation_params=None, **attributes):
    return conv_cost(X, W, B, **attributes)


@operator("FusedConv", kind="convolution", shape=fusedconv_shape, cost=fusedconv_cost, domain="com.microsoft")
def fusedconv(
    X, W, B=None, Z=None, *, activation="", activation_params=None, auto_pad="NOTSET", dilations=None, group=1,
    kernel_shape=None, pads=None, strides=None,
):  # fmt: skip
    """activation(Conv(X, W, B) + Z): X [N, C, *sizes], W [M, C / group, *kernel], B [M], Z of the output's shape."""
    Y = conv(X, W, B, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return activated(Y if Z is None else Y + Z, activation, activation_params)


def activated(Y, activation, parameters):
    """LeakyRelu has one parameter (alpha), Clip two (min, max), HardSigmoid two (alpha, beta)."""
    if activation == "LeakyRelu":
        return torch.nn.functional.leaky_relu(Y, parameters[0])
    if activation == "Clip":
        return Y.clamp(*parameters)
    if activation == "HardSigmoid":
        return (parameters[0] * Y + parameters[1]).clamp(0, 1)
    plain = {"Relu": torch.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid}
    return plain[activation](Y) if activation else Y

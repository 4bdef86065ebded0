"""Selu. https://onnx.ai/onnx/operators/onnx__Selu.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Selu", since=6, kind="activation", shape=same_shape, cost=per_output)
def selu(X, *, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875):
    """gamma · x, or gamma · alpha · (exp(x) - 1) below 0, element by element; any shape."""
    if abs(alpha - 1.6732632) < 1e-6 and abs(gamma - 1.0507010) < 1e-6:
        return torch.selu(X)
    return gamma * torch.nn.functional.elu(X, alpha)


@operator("Selu", since=1, kind="activation", shape=same_shape, cost=per_output)
def selu_1(X, *, alpha=1.6732, gamma=1.0507, consumed_inputs=None):
    """Until opset 5, alpha and gamma had fewer digits."""
    return selu(X, alpha=alpha, gamma=gamma)

"""FastGelu. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FastGelu"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


def fastgelu_cost(X, bias=None):
    return X.size * (1 if bias is None else 2)


@operator("FastGelu", kind="activation", shape=same_shape, cost=fastgelu_cost, domain="com.microsoft")
def fastgelu(X, bias=None):
    """x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))), element by element, of X plus a bias [last size of X] where given."""
    return torch.nn.functional.gelu(X if bias is None else X + bias, approximate="tanh")

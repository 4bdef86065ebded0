"""BiasGelu. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.BiasGelu"""

from laminae.base import torch
from laminae.ops.costs import each_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("BiasGelu", kind="activation", shape=same_shape, cost=each_output(2), domain="com.microsoft")
def biasgelu(A, B):
    """Gelu of A + B, with B [last size of A]; shape of A."""
    return torch.nn.functional.gelu(A + B)

"""Round. https://onnx.ai/onnx/operators/onnx__Round.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, rounded


@operator("Round", since=11, kind="arithmetic", shape=elementwise(rounded(round)))
def round(X):
    """The nearest integer, halves to the even one, element by element; any shape, same shape out."""
    return torch.round(X)

"""Round. https://onnx.ai/onnx/operators/onnx__Round.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, rounded


@operator("Round", since=11, kind="arithmetic", shape=elementwise(rounded(round)), cost=per_output, direct=lambda: torch.round)
def round(X):
    """The nearest integer, halves to the even one, element by element; any shape, same shape out."""
    return torch.round(X)

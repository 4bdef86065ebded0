"""IsNaN. https://onnx.ai/onnx/operators/onnx__IsNaN.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import as_bool


@operator("IsNaN", since=9, kind="comparison", shape=as_bool, cost=per_output, direct=lambda: torch.isnan)
def is_nan(X):
    """Whether each element is NaN; any shape, same shape out, bool."""
    return torch.isnan(X)

"""IsInf. https://onnx.ai/onnx/operators/onnx__IsInf.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import as_bool


@operator("IsInf", since=10, kind="comparison", shape=as_bool, cost=per_output)
def is_inf(X, *, detect_negative=1, detect_positive=1):
    """Whether each element is infinite, of the signs asked for; any shape, same shape out, bool."""
    if X.is_floating_point() and X.dtype.itemsize == 1:
        X = X.float()  # torch asks no 8-bit float
    if detect_negative and detect_positive:
        return torch.isinf(X)
    if detect_positive:
        return torch.isposinf(X)
    return torch.isneginf(X) if detect_negative else torch.zeros_like(X, dtype=torch.bool)

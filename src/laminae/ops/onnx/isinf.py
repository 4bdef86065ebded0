"""IsInf. https://onnx.ai/onnx/operators/onnx__IsInf.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import as_bool


@operator("IsInf", since=10, kind="comparison", shape=as_bool)
def is_inf(X, *, detect_negative=1, detect_positive=1):
    """Whether each element is infinite, of the signs asked for; any shape, same shape out, bool."""
    if detect_negative and detect_positive:
        return torch.isinf(X)
    if detect_positive:
        return torch.isposinf(X)
    return torch.isneginf(X) if detect_negative else torch.zeros_like(X, dtype=torch.bool)

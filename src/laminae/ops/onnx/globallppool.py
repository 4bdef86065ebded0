"""GlobalLpPool. https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html"""

from laminae.base import torch
from laminae.ops.costs import per_input
from laminae.ops.registry import operator
from laminae.ops.rules import global_pool


@operator("GlobalLpPool", kind="pooling", shape=global_pool, cost=per_input)
def globallppool(X, *, p=2):
    """(Σ |x|ᵖ)^(1/p) over all spatial axes: [N, C, *sizes] → [N, C, 1, …, 1]."""
    return torch.linalg.vector_norm(X, p, tuple(range(2, X.ndim)), True) if X.ndim > 2 else X.abs()

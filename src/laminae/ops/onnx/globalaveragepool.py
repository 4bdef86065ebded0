"""GlobalAveragePool. https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html"""

from laminae.ops.costs import per_input
from laminae.ops.registry import operator
from laminae.ops.rules import global_pool


@operator("GlobalAveragePool", kind="pooling", shape=global_pool, cost=per_input)
def globalaveragepool(X):
    """The mean over all spatial axes: [N, C, *sizes] → [N, C, 1, …, 1]."""
    return X.mean(tuple(range(2, X.ndim)), True) if X.ndim > 2 else X.clone()

"""GlobalMaxPool. https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html"""

from laminae.ops.costs import per_input
from laminae.ops.registry import operator
from laminae.ops.rules import global_pool


@operator("GlobalMaxPool", kind="pooling", shape=global_pool, cost=per_input)
def globalmaxpool(X):
    """The largest over all spatial axes: [N, C, *sizes] → [N, C, 1, …, 1]."""
    return X.amax(tuple(range(2, X.ndim)), True) if X.ndim > 2 else X.clone()

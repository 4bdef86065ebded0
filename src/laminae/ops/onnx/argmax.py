"""ArgMax. https://onnx.ai/onnx/operators/onnx__ArgMax.html"""

from laminae.base import torch
from laminae.ops.costs import per_input
from laminae.ops.reductions import index_shape
from laminae.ops.registry import operator
from laminae.ops.unsigned import ranks


@operator("ArgMax", kind="reduction", shape=index_shape, cost=per_input)
def argmax(data, *, axis=0, keepdims=1, select_last_index=0):
    """The index of the largest element along `axis`: of equals the first, or the last where asked; int64."""
    try:
        if select_last_index:
            return data.shape[axis] - 1 - torch.argmax(data.flip(axis), axis, bool(keepdims))
        return torch.argmax(data, axis, bool(keepdims))
    except NotImplementedError:
        return argmax(ranks(data), axis=axis, keepdims=keepdims, select_last_index=select_last_index)

"""ArgMin. https://onnx.ai/onnx/operators/onnx__ArgMin.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.reductions import index_shape
from laminae.ops.unsigned import in_numpy


@operator("ArgMin", kind="reduction", shape=index_shape)
def argmin(data, *, axis=0, keepdims=1, select_last_index=0):
    """The index of the smallest element along `axis`: of equals the first, or the last where asked; int64."""
    if select_last_index:
        return data.shape[axis] - 1 - argmin(data.flip(axis), axis=axis, keepdims=keepdims)
    try:
        return torch.argmin(data, axis, bool(keepdims))
    except NotImplementedError:
        return in_numpy(lambda x: np.argmin(x, axis, keepdims=bool(keepdims)), data)

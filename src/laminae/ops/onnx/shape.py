"""Shape. https://onnx.ai/onnx/operators/onnx__Shape.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.rules import constant


def shape_shape(data, *, start=0, end=None):
    dims = data.shape[start:end]
    numbers = all(isinstance(dim, int) and dim < 2**63 for dim in dims)
    return constant(np.array(dims, dtype=np.int64 if numbers else object), "int64")


@operator("Shape", kind="shape", shape=shape_shape, cost=view)
def shape(data, *, start=0, end=None):
    """The sizes of `data`, of the axes from `start` to before `end`; int64, [end - start]."""
    return torch.tensor(data.shape[start:end], dtype=torch.int64, device=data.device)

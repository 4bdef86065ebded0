"""Size. https://onnx.ai/onnx/operators/onnx__Size.html"""

import numpy as np

from laminae.base import torch
from laminae.base.shapes import Spec, product
from laminae.ops.costs import view
from laminae.ops.registry import operator


def size_shape(data):
    size = product(data.shape)
    return Spec("int64", (), None if size is None else np.array(size, dtype=np.int64 if isinstance(size, int) else object))


@operator("Size", kind="shape", shape=size_shape, cost=view)
def size(data):
    """The number of elements of `data`; int64, rank 0."""
    return torch.tensor(data.numel(), device=data.device)

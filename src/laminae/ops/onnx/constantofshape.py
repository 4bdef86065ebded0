"""ConstantOfShape. https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html"""

import numpy as np

from laminae.base import torch
from laminae.base.dtypes import dtype_name
from laminae.base.host import HostArray
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import filled, sizes


def constantofshape_shape(input, *, value=None):
    dims = sizes(input)
    return filled(
        np.zeros((), np.float32) if value is None else value.reshape(()),
        dims,
        dtype_name(value) if value is not None else "float32",
    )


@operator("ConstantOfShape", kind="constant", shape=constantofshape_shape, cost=free)
def constantofshape(input, *, value=None):
    """A tensor of the shape that `input` lists, every element `value` (float32 zero where not given)."""
    if value is None:
        return torch.zeros(input.tolist(), device=input.device)
    if isinstance(value, HostArray):
        return HostArray(np.full(input.tolist(), value.array.reshape(()), value.array.dtype))
    return torch.full(input.tolist(), value.item(), dtype=value.dtype, device=input.device)

"""EyeLike. https://onnx.ai/onnx/operators/onnx__EyeLike.html"""

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.costs import written
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def eyelike_shape(input, *, dtype=None, k=0):
    if input.dims is not None and input.rank != 2:
        raise ShapeError("EyeLike takes a matrix", {"expected": "rank 2", "found": format_shape(input.shape)})
    return Spec(input.dtype if dtype is None else coded(dtype), input.dims)


@operator("EyeLike", since=9, kind="constant", shape=eyelike_shape, cost=written(0))
def eyelike(input, *, dtype=None, k=0):
    """Ones on the `k`-th diagonal above the main one, else zeros; [n, m] as the input."""
    rows, columns = (torch.arange(n, device=input.device) for n in input.shape)
    return (columns - rows[:, None] == k).to(input.dtype if dtype is None else torch_dtype(coded(dtype)))

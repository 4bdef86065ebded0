"""RandomUniformLike. https://onnx.ai/onnx/operators/onnx__RandomUniformLike.html"""

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.chance import generator
from laminae.ops.costs import written
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def randomuniformlike_shape(input, *, dtype=None, high=1.0, low=0.0, seed=None):
    return Spec(input.dtype if dtype is None else coded(dtype), input.dims)


@operator("RandomUniformLike", kind="random", shape=randomuniformlike_shape, cost=written(1), random=True)
def randomuniformlike(input, *, dtype=None, high=1.0, low=0.0, seed=None):
    """Draws from [low, high), all equally likely, as many as the input has elements."""
    drawn = torch.empty(input.shape, dtype=input.dtype if dtype is None else torch_dtype(coded(dtype)), device=input.device)
    return drawn.uniform_(low, high, generator=generator(seed, input.device))

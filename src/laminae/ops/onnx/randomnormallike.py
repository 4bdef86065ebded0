"""RandomNormalLike. https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html"""

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.chance import generator
from laminae.ops.costs import written
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def randomnormallike_shape(input, *, dtype=None, mean=0.0, scale=1.0, seed=None):
    return Spec(input.dtype if dtype is None else coded(dtype), input.dims)


@operator("RandomNormalLike", kind="random", shape=randomnormallike_shape, cost=written(1), random=True)
def randomnormallike(input, *, dtype=None, mean=0.0, scale=1.0, seed=None):
    """Draws from the normal distribution of that mean and standard deviation (`scale`), as many as the input has elements."""
    drawn = torch.empty(input.shape, dtype=input.dtype if dtype is None else torch_dtype(coded(dtype)), device=input.device)
    return drawn.normal_(mean, scale, generator=generator(seed, input.device))

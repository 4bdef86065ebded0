"""Bernoulli. https://onnx.ai/onnx/operators/onnx__Bernoulli.html"""

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.chance import generator
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def bernoulli_shape(input, *, dtype=None, seed=None):
    return Spec(input.dtype if dtype is None else coded(dtype), input.dims)


@operator("Bernoulli", since=15, kind="random", shape=bernoulli_shape, cost=per_output, random=True)
def bernoulli(input, *, dtype=None, seed=None):
    """1 with the probability that the input gives, else 0; any shape."""
    drawn = torch.bernoulli(input, generator=generator(seed, input.device))
    return drawn if dtype is None else drawn.to(torch_dtype(coded(dtype)))

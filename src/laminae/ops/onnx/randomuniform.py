"""RandomUniform. https://onnx.ai/onnx/operators/onnx__RandomUniform.html"""

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.chance import generator
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def randomuniform_shape(*, shape, dtype=1, high=1.0, low=0.0, seed=None):
    return Spec(coded(dtype), tuple(shape))


@operator("RandomUniform", kind="random", shape=randomuniform_shape, cost=per_output, random=True)
def randomuniform(*, shape, dtype=1, high=1.0, low=0.0, seed=None):
    """Draws from [low, high), all equally likely."""
    return torch.empty(shape, dtype=torch_dtype(coded(dtype))).uniform_(low, high, generator=generator(seed))

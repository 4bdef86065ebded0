"""RandomNormal. https://onnx.ai/onnx/operators/onnx__RandomNormal.html"""

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.chance import generator
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def randomnormal_shape(*, shape, dtype=1, mean=0.0, scale=1.0, seed=None):
    return Spec(coded(dtype), tuple(shape))


@operator("RandomNormal", kind="random", shape=randomnormal_shape, cost=per_output, random=True)
def randomnormal(*, shape, dtype=1, mean=0.0, scale=1.0, seed=None):
    """Draws from the normal distribution of that mean and standard deviation (`scale`)."""
    return torch.empty(shape, dtype=torch_dtype(coded(dtype))).normal_(mean, scale, generator=generator(seed))

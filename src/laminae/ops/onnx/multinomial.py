"""Multinomial. https://onnx.ai/onnx/operators/onnx__Multinomial.html"""

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.shapes import Spec, known
from laminae.ops.chance import generator
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def multinomial_shape(input, *, dtype=6, sample_size=1, seed=None):
    return Spec(coded(dtype), (input.shape[0] if input.shape else None, sample_size))


def multinomial_cost(input, *, outputs, **attributes):
    """Softmax and its running sum, in which each drawn number is looked for by halves."""
    return 6 * input.size + outputs[0].size * max(1, known(input.shape)[-1] - 1).bit_length()


@operator("Multinomial", since=7, kind="random", shape=multinomial_shape, cost=multinomial_cost, random=True)
def multinomial(input, *, dtype=6, sample_size=1, seed=None):
    """`sample_size` classes drawn for each row of log-probabilities, not normalised: [batch, classes] → [batch, sample_size]."""
    drawn = torch.multinomial(torch.softmax(input, -1), sample_size, True, generator=generator(seed, input.device))
    return drawn.to(torch_dtype(coded(dtype)))

"""Softsign. https://onnx.ai/onnx/operators/onnx__Softsign.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Softsign", kind="activation", shape=same_shape, cost=per_output)
def softsign(input):
    """x / (1 + |x|), element by element; any shape, same shape out."""
    return torch.nn.functional.softsign(input)

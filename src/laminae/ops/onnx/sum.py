"""Sum. https://onnx.ai/onnx/operators/onnx__Sum.html"""

from functools import reduce

from laminae.base import torch
from laminae.ops.costs import folded
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast


@operator("Sum", kind="arithmetic", shape=broadcast, cost=folded, aliases=True)
def sum(*data_0, consumed_inputs=None):
    """The sum of the inputs, element by element, broadcast."""
    return reduce(torch.add, data_0)

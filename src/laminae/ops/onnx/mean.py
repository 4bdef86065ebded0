"""Mean. https://onnx.ai/onnx/operators/onnx__Mean.html"""

from functools import reduce

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast


@operator("Mean", kind="arithmetic", shape=broadcast, aliases=True)
def mean(*data_0, consumed_inputs=None):
    """The mean of the inputs, element by element, broadcast."""
    return reduce(torch.add, data_0) / len(data_0) if len(data_0) > 1 else data_0[0]

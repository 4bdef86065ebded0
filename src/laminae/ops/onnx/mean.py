"""Mean. https://onnx.ai/onnx/operators/onnx__Mean.html"""

from functools import reduce

from laminae.base import torch
from laminae.ops.costs import folded
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast


def mean_cost(*inputs, outputs, **attributes):
    """A sum, and where there are several inputs a quotient."""
    return folded(*inputs, outputs=outputs) + (outputs[0].size if len(inputs) > 1 else 0)


@operator("Mean", kind="arithmetic", shape=broadcast, cost=mean_cost, aliases=True)
def mean(*data_0, consumed_inputs=None):
    """The mean of the inputs, element by element, broadcast."""
    return reduce(torch.add, data_0) / len(data_0) if len(data_0) > 1 else data_0[0]

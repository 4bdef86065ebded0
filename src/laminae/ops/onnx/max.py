"""Max. https://onnx.ai/onnx/operators/onnx__Max.html"""

from functools import reduce

import numpy as np

from laminae.base import torch
from laminae.ops import shape_arithmetic
from laminae.ops.costs import folded
from laminae.ops.registry import operator
from laminae.ops.unsigned import in_numpy


@operator("Max", kind="arithmetic", shape=shape_arithmetic.elementwise(shape_arithmetic.maximum), cost=folded, aliases=True)
def max(*data_0, consumed_inputs=None):
    """The largest of the inputs, element by element, broadcast; NaN where one is NaN."""
    try:
        return reduce(torch.maximum, data_0)
    except NotImplementedError:
        return reduce(lambda a, b: in_numpy(np.maximum, a, b), data_0)

"""Min. https://onnx.ai/onnx/operators/onnx__Min.html"""

from functools import reduce

import numpy as np

from laminae.base import torch
from laminae.ops import shape_arithmetic
from laminae.ops.costs import folded
from laminae.ops.registry import operator
from laminae.ops.unsigned import in_numpy


@operator("Min", kind="arithmetic", shape=shape_arithmetic.elementwise(shape_arithmetic.minimum), cost=folded, aliases=True)
def min(*data_0, consumed_inputs=None):
    """The smallest of the inputs, element by element, broadcast; NaN where one is NaN."""
    try:
        return reduce(torch.minimum, data_0)
    except NotImplementedError:
        return reduce(lambda a, b: in_numpy(np.minimum, a, b), data_0)

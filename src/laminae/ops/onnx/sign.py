"""Sign. https://onnx.ai/onnx/operators/onnx__Sign.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape
from laminae.ops.unsigned import in_numpy


@operator("Sign", since=9, kind="arithmetic", shape=same_shape, cost=per_output)
def sign(input):
    """-1, 0 or 1: the sign of x, NaN of NaN, element by element; any shape, same shape out."""
    try:
        sign = torch.sign(input)
    except NotImplementedError:
        return in_numpy(np.sign, input)
    return torch.where(torch.isnan(input), input, sign) if input.is_floating_point() else sign

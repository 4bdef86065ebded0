"""Log. https://onnx.ai/onnx/operators/onnx__Log.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Log", kind="arithmetic", shape=same_shape, cost=per_output, direct=lambda **_: torch.log)
def log(input, *, consumed_inputs=None):
    """The natural logarithm, element by element; NaN below 0; any shape, same shape out."""
    return torch.log(input)

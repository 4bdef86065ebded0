"""HardSwish. https://onnx.ai/onnx/operators/onnx__HardSwish.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("HardSwish", since=14, kind="activation", shape=same_shape, cost=per_output)
def hard_swish(X):
    """x · max(0, min(1, x / 6 + 0.5)), element by element; any shape, same shape out."""
    return torch.nn.functional.hardswish(X)

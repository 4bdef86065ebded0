"""ThresholdedRelu. https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("ThresholdedRelu", since=10, kind="activation", shape=same_shape, cost=per_output)
def thresholded_relu(X, *, alpha=1.0):
    """x above alpha, else 0, element by element; any shape."""
    return torch.where(alpha < X, X, 0)

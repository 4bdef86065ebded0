"""LeakyRelu. https://onnx.ai/onnx/operators/onnx__LeakyRelu.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("LeakyRelu", kind="activation", shape=same_shape, cost=per_output)
def leaky_relu(X, *, alpha=0.01, consumed_inputs=None):
    """x, or alpha · x below 0, element by element; any shape."""
    return torch.nn.functional.leaky_relu(X, alpha)

"""HardSigmoid. https://onnx.ai/onnx/operators/onnx__HardSigmoid.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("HardSigmoid", kind="activation", shape=same_shape, cost=per_output)
def hard_sigmoid(X, *, alpha=0.2, beta=0.5, consumed_inputs=None):
    """max(0, min(1, alpha · x + beta)), element by element; any shape."""
    if beta == 0.5 and abs(alpha - 1 / 6) < 1e-7 and X.dtype != torch.float64:  # float64 tells a file's 1/6 from the true one
        return torch.nn.functional.hardsigmoid(X)
    return torch.clamp(alpha * X + beta, 0, 1)

"""MatMul. https://onnx.ai/onnx/operators/onnx__MatMul.html"""

import numpy as np

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import matmul_cost, matmul_shape
from laminae.ops.unsigned import in_numpy


@operator("MatMul", kind="linear", shape=matmul_shape, cost=matmul_cost)
def matmul(A, B):
    """A B, with A [..., m, k] and B [..., k, n], the axes before broadcast; a vector is a row (A) or a column (B)."""
    try:
        return torch.matmul(A, B)
    except NotImplementedError:
        return in_numpy(np.matmul, A, B)

"""BitwiseXor. https://onnx.ai/onnx/operators/onnx__BitwiseXor.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast


@operator("BitwiseXor", since=18, kind="bitwise", shape=broadcast, cost=per_output)
def bitwise_xor(A, B):
    """Xor of the bits of A and B, element by element, broadcast; integers."""
    return torch.bitwise_xor(A, B)

"""LpNormalization. https://onnx.ai/onnx/operators/onnx__LpNormalization.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError
from laminae.ops.costs import each_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("LpNormalization", kind="normalization", shape=same_shape, cost=each_output(2))
def lpnormalization(input, *, axis=-1, p=2):
    """x / (Σ |x|ᵖ)^(1/p) along `axis`, zero where the norm is; any shape, same shape out."""
    if p not in (1, 2):
        raise AttributeValueError("p is neither 1 nor 2", {"found": p})
    norm = torch.linalg.vector_norm(input, p, axis, keepdim=True)
    return input / torch.where(norm == 0, 1, norm)

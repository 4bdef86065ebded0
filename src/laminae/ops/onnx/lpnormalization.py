"""LpNormalization. https://onnx.ai/onnx/operators/onnx__LpNormalization.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("LpNormalization", kind="normalization", shape=same_shape)
def lpnormalization(input, *, axis=-1, p=2):
    """x / (Σ |x|ᵖ)^(1/p) along `axis`, zero where the norm is; any shape, same shape out."""
    norm = torch.linalg.vector_norm(input, p, axis, keepdim=True)
    return input / torch.where(norm == 0, 1, norm)

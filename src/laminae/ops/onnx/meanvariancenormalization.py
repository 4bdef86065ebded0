"""MeanVarianceNormalization. https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("MeanVarianceNormalization", since=9, kind="normalization", shape=same_shape)
def meanvariancenormalization(X, *, axes=(0, 2, 3)):
    """(x - mean) / (σ + 1e-9) over `axes`; any shape, same shape out."""
    var, mean = torch.var_mean(X, tuple(axes), correction=0, keepdim=True)
    return (X - mean) / (var.sqrt() + 1e-9)

"""MeanVarianceNormalization. https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html"""

from laminae.base import torch
from laminae.ops.costs import each_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("MeanVarianceNormalization", since=9, kind="normalization", shape=same_shape, cost=each_output(4))
def meanvariancenormalization(X, *, axes=(0, 2, 3)):
    """(x - mean) / (σ + 1e-9) over `axes`; any shape, same shape out."""
    wide = X.to(torch.promote_types(X.dtype, torch.float32))  # 1e-9 is none in float16
    var, mean = torch.var_mean(wide, tuple(axes), correction=0, keepdim=True)
    return ((wide - mean) / (var.sqrt() + 1e-9)).to(X.dtype)

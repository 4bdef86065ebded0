"""Binarizer. https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html"""

from laminae.ops.classes import ML
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Binarizer", kind="activation", shape=same_shape, cost=per_output, domain=ML)
def binarizer(X, *, threshold=0.0):
    """1 where X is greater than the threshold, else 0; X's dtype."""
    return (threshold < X).to(X.dtype)

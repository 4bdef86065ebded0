"""ArrayFeatureExtractor. https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html"""

from laminae.base.shapes import Spec, product
from laminae.ops.classes import ML
from laminae.ops.registry import operator


def arrayfeatureextractor_shape(X, Y):
    return Spec(X.dtype, (*(X.shape[:-1] if X.rank > 1 else (1,)), product(Y.shape)))


@operator("ArrayFeatureExtractor", kind="selection", shape=arrayfeatureextractor_shape, domain=ML)
def arrayfeatureextractor(X, Y):
    """The elements of the last axis at the places Y, in that order; a vector becomes one row."""
    Z = X[..., Y.reshape(-1)]
    return Z.reshape(1, -1) if X.ndim == 1 else Z

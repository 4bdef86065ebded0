"""ArrayFeatureExtractor. https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html"""

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, product
from laminae.ops.classes import ML
from laminae.ops.costs import picked
from laminae.ops.registry import operator


def arrayfeatureextractor_shape(X, Y):
    return Spec(X.dtype, (*(X.shape[:-1] if X.rank > 1 else (1,)), product(Y.shape)))


@operator("ArrayFeatureExtractor", kind="selection", shape=arrayfeatureextractor_shape, cost=picked, domain=ML)
def arrayfeatureextractor(X, Y):
    """The elements of the last axis at the places Y, in that order; a vector becomes one row."""
    places = Y.reshape(-1)
    if (places < 0).any():
        raise ShapeError("a place is negative", {"expected": f"0 to {X.shape[-1] - 1}"})
    Z = X[..., places]
    return Z.reshape(1, -1) if X.ndim == 1 else Z

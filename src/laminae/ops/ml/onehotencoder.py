"""OneHotEncoder. https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html"""

from laminae.base import torch
from laminae.base.errors import LayerError
from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.costs import free
from laminae.ops.prepared import prepared
from laminae.ops.tables import lookup


def onehotencoder_shape(X, *, cats_int64s=(), cats_strings=(), zeros=1):
    return Spec("float32", (*X.shape, len(cats_int64s or cats_strings)))


@prepared("OneHotEncoder", kind="embedding", shape=onehotencoder_shape, cost=free, domain=ML)
def onehotencoder(*, cats_int64s=(), cats_strings=(), zeros=1):
    """1 at the place of each element's category along a new last axis, 0 elsewhere; float32.

    Numbers are cut to integers. An element of no category is all zeros; with `zeros` = 0, LayerError.
    """
    categories = cats_int64s or cats_strings
    places = lookup(categories, range(len(categories)), -1, "int64")

    def encode(X):
        at = places(X if X.dtype == "string" else X.to(torch.int64))
        if not zeros and (at < 0).any():
            raise LayerError("an element is of no category", {"categories": ", ".join(map(str, categories[:10]))})
        return (at.unsqueeze(-1) == torch.arange(len(categories), device=at.device)).to(torch.float32)

    return encode

"""FeatureVectorizer. https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import agreed, total


def featurevectorizer_shape(*X, inputdimensions=()):
    rows = agreed(*(1 if x.rank == 1 else x.shape[0] for x in X))
    return Spec("float32", (rows, sum(inputdimensions) if inputdimensions else total(x.shape[-1] for x in X)))


@operator("FeatureVectorizer", kind="movement", shape=featurevectorizer_shape, cost=free, domain=ML)
def featurevectorizer(*X, inputdimensions=()):
    """All inputs beside each other as float32: [rows, sum of the columns]. A vector is one row.

    Each is cut or filled with zeros to its number of columns in `inputdimensions`.
    """
    parts = [(x.unsqueeze(0) if x.ndim == 1 else x).to(torch.float32) for x in X]
    if inputdimensions:
        parts = [torch.nn.functional.pad(x, (0, n - x.shape[1])) for x, n in zip(parts, inputdimensions, strict=True)]
    return torch.cat(parts, 1)

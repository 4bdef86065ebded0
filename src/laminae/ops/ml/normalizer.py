"""Normalizer. https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError
from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.costs import each_output
from laminae.ops.registry import operator


def normalizer_shape(X, *, norm="MAX"):
    return Spec("float32", X.dims)


@operator("Normalizer", kind="normalization", shape=normalizer_shape, cost=each_output(2), domain=ML)
def normalizer(X, *, norm="MAX"):
    """Each row divided by its largest element (MAX), the sum of its sizes (L1) or its length (L2); float32.

    A row whose divisor is 0 stays as it is.
    """
    x = X.to(torch.float32)
    if not x.shape[-1]:
        return x
    if norm == "MAX":
        divisor = x.amax(-1, keepdim=True)
    elif norm in ("L1", "L2"):
        divisor = torch.linalg.vector_norm(x, 1 if norm == "L1" else 2, -1, keepdim=True)
    else:
        raise AttributeValueError(f"no norm {norm!r}", {"known": "MAX, L1, L2"})
    return x / torch.where(divisor == 0, 1.0, divisor)

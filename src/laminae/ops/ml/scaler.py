"""Scaler. https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.classes import ML, per_column
from laminae.ops.costs import each_output
from laminae.ops.prepared import prepared


def scaler_shape(X, *, offset=(), scale=()):
    return Spec("float32", X.dims)


@prepared("Scaler", kind="arithmetic", shape=scaler_shape, cost=each_output(2), domain=ML)
def scaler(*, offset=(), scale=()):
    """(X - offset) · scale, each one number or one per column; float32."""
    offsets, scales = torch.tensor(offset or [0.0]), torch.tensor(scale or [1.0])

    def scaled(X):
        per_column("offset", offsets, X)
        per_column("scale", scales, X)
        return ((X - offsets) * scales).to(torch.float32)

    return scaled

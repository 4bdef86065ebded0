"""Scaler. https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.prepared import prepared


def scaler_shape(X, *, offset=(), scale=()):
    return Spec("float32", X.dims)


@prepared("Scaler", kind="arithmetic", shape=scaler_shape, domain=ML)
def scaler(*, offset=(), scale=()):
    """(X - offset) · scale, each one number or one per column; float32."""
    offsets, scales = torch.tensor(offset or [0.0]), torch.tensor(scale or [1.0])
    return lambda X: ((X - offsets) * scales).to(torch.float32)

"""SimplifiedLayerNormalization: not of the standard, but files by ONNX Runtime have it in the main domain."""

from laminae.ops.microsoft.simplifiedlayernormalization import simplifiedlayernormalization

__all__ = ["simplifiedlayernormalization"]

"""The operators of domain `ai.onnx.preview`: not yet of the standard, and subject to change."""

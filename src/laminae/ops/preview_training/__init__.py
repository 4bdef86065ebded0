"""The operators of domain `ai.onnx.preview.training`: one step of an optimizer."""

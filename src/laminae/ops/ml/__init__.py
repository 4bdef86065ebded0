"""The operators of ai.onnx.ml. https://onnx.ai/onnx/operators/index.html#ai-onnx-ml"""

"""A graph of the torch vocabulary as a graph of the onnx vocabulary."""

"""The operators of domain `com.microsoft`: those that ONNX Runtime writes into the models it optimizes."""

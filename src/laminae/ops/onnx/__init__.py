"""The operators of ONNX's main domain: the file of `Softmax` is `softmax.py` (`if_.py` where the name is a keyword)."""

"""The onnxruntime engine: the graph as an ONNX model of its own for each question asked, every wanted value an output of it.

engine: what a run needs, and the order in which it is asked for. form: the graph in the onnx vocabulary. stages: which layers
make what is wanted out of what is known. model: these as the bytes of an ONNX model. session: ONNX Runtime's, made ready once.
values: torch tensors as ONNX Runtime's values and back, over the same memory. refusals: what it cannot, and what it failed at.
"""

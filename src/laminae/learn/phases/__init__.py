"""The two phases of a graph of the onnx vocabulary: what learns from a batch, and what runs on its own.

Two operators do otherwise in training: BatchNormalization, which takes the statistics of the batch and counts the running ones,
and Dropout. How a file says it changed with the operator sets; one file each knows the forms of one operator.
"""

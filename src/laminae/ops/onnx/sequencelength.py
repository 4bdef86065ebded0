"""SequenceLength. https://onnx.ai/onnx/operators/onnx__SequenceLength.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import view
from laminae.ops.registry import operator


def sequencelength_shape(input_sequence):
    return Spec("int64", ())


@operator("SequenceLength", since=11, kind="sequence", shape=sequencelength_shape, cost=view)
def sequencelength(input_sequence):
    """How many tensors the sequence holds; int64, of rank 0."""
    return torch.tensor(len(input_sequence))

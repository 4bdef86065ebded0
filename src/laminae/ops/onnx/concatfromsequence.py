"""ConcatFromSequence. https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.stacks import joined


@operator("ConcatFromSequence", since=11, kind="sequence", cost=free)
def concatfromsequence(input_sequence, *, axis, new_axis=0):
    """The tensors one after the other along `axis`; with `new_axis`, along an axis put in there."""
    if not input_sequence:
        raise ShapeError("an empty sequence has nothing to concatenate")
    return torch.stack(input_sequence, axis) if new_axis else joined(input_sequence, axis)

"""ConcatFromSequence. https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.ops.registry import operator


@operator("ConcatFromSequence", since=11, kind="sequence")
def concatfromsequence(input_sequence, *, axis, new_axis=0):
    """The tensors one after the other along `axis`; with `new_axis`, along an axis put in there."""
    if not input_sequence:
        raise ShapeError("an empty sequence has nothing to concatenate")
    return torch.stack(input_sequence, axis) if new_axis else torch.cat(input_sequence, axis)

"""SequenceEmpty. https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html"""

from laminae.ops.costs import view
from laminae.ops.registry import operator


@operator("SequenceEmpty", since=11, kind="sequence", cost=view)
def sequenceempty(*, dtype=1):
    """A sequence of no tensors; `dtype` is what it may hold."""
    return []

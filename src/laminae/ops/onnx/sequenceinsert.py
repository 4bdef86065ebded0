"""SequenceInsert. https://onnx.ai/onnx/operators/onnx__SequenceInsert.html"""

from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.sequences import place


@operator("SequenceInsert", since=11, kind="sequence", cost=view, aliases="any")
def sequenceinsert(input_sequence, tensor, position=None):
    """A new sequence with the tensor before `position`, or at the end; a negative position counts from the end."""
    n = len(input_sequence)
    i = n if position is None else place(position, n, extra=1)
    return [*input_sequence[:i], tensor, *input_sequence[i:]]

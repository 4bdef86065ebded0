"""SequenceErase. https://onnx.ai/onnx/operators/onnx__SequenceErase.html"""

from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.sequences import place


@operator("SequenceErase", since=11, kind="sequence", cost=view, aliases=True)
def sequenceerase(input_sequence, position=None):
    """A new sequence without the tensor at `position`, or without the last one; a negative position counts from the end."""
    n = len(input_sequence)
    i = place(-1 if position is None else position, n)
    return [*input_sequence[:i], *input_sequence[i + 1 :]]

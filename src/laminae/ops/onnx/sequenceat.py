"""SequenceAt. https://onnx.ai/onnx/operators/onnx__SequenceAt.html"""

from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.sequences import place


@operator("SequenceAt", since=11, kind="sequence", cost=view, aliases=True)
def sequenceat(input_sequence, position):
    """The tensor at a position; a negative one counts from the end."""
    return input_sequence[place(position, len(input_sequence))]

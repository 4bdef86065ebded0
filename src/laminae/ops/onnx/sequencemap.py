"""SequenceMap. https://onnx.ai/onnx/operators/onnx__SequenceMap.html"""

from laminae.base.errors import ShapeError
from laminae.ops.costs import untold
from laminae.ops.registry import operator


@operator("SequenceMap", since=17, kind="control", cost=untold, aliases="any")
def sequencemap(input_sequence, *additional_inputs, body, context):
    """`body` on each element of the sequence: its outputs are the elements of the output sequences.

    Additional sequences, of the same length, are gone through together; additional tensors are the same each time.
    """
    lengths = {len(x) for x in additional_inputs if isinstance(x, list)} | {len(input_sequence)}
    if len(lengths) > 1:
        raise ShapeError("sequences of unequal length", {"lengths": ", ".join(map(str, sorted(lengths)))})
    made = tuple([] for _ in body.outputs)
    for i, element in enumerate(input_sequence):
        others = (x[i] if isinstance(x, list) else x for x in additional_inputs)
        for sequence, value in zip(made, context.run_body(body, element, *others), strict=True):
            sequence.append(value)
    return made

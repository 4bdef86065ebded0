"""Optionals: values that may be missing."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from onnx import helper

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, movable, sizes
from tests.ops.draws.sequences import sequence


def _value(draw: Draw, opset: int):
    """A tensor, or a sequence of tensors."""
    if draw(st.booleans()):
        return sequence(draw)
    return array(draw, sizes(draw), draw(st.sampled_from(movable(opset))), special=True)


@draws(
    "Optional",
    opsets=(15, 27, 28),
    faults=[
        Fault(
            lambda drawn, opset: True,  # it gives a list of one
            "Constructs an optional-type value containing either an empty optional of a certain type specified by the attribute, or "
            "a non-empty value containing the input element.",
            lambda drawn, opset: [drawn.inputs[0] if drawn.inputs else None],
        )
    ],
)
def optional(draw: Draw, opset: int) -> Drawn:
    if draw(st.integers(0, 3)) == 2:
        kind = helper.make_tensor_type_proto(draw(st.integers(1, 16)), [draw(st.integers(0, 3))])
        return Drawn([], {"type": helper.make_sequence_type_proto(kind) if draw(st.booleans()) else kind})
    return Drawn([_value(draw, min(opset, 15))])


@draws("OptionalGetElement", opsets=(18, 27, 28))
def optionalgetelement(draw: Draw, opset: int) -> Drawn:
    return Drawn([_value(draw, min(opset, 18) if opset < 28 else opset)])


@draws(
    "OptionalHasElement",
    opsets=(18, 27, 28),
    faults=[
        Fault(
            lambda drawn, opset: any(x is None for x in drawn.inputs),
            "Returns true if (1) the input is an optional-type and contains an element, or, (2) the input is a tensor or sequence type. "
            "If the input is not provided or is an empty optional-type, this op returns false.",
            lambda drawn, opset: [np.array(False)],
        )
    ],
)
def optionalhaselement(draw: Draw, opset: int) -> Drawn:
    how = draw(st.sampled_from(("a value", "a value", "no input", "an empty input")))
    if how == "a value":
        return Drawn([_value(draw, min(opset, 18) if opset < 28 else opset)])
    return Drawn([] if how == "no input" else [None])

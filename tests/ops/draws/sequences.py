"""Sequences: the operators that make, change and read them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import ANY, Draw, Drawn, Fault, array, axis, draws, sizes


def sequence(draw: Draw, least: int = 0, **named) -> list[np.ndarray]:
    """Tensors of one dtype and of any shapes."""
    dtype = draw(st.sampled_from(ANY))
    return [array(draw, sizes(draw, (0, 3), high=3), dtype, **named) for _ in range(draw(st.integers(least, 4)))]


def _position(draw: Draw, low: int, high: int) -> np.ndarray:
    """One that is there, or in a few draws one that is not."""
    at = high + 3 if draw(st.integers(0, 29)) == 7 else draw(st.integers(low, max(low, high)))
    return np.array(at, draw(st.sampled_from(("int32", "int64"))))


@draws("SequenceAt", opsets=(11, 27))
def sequenceat(draw: Draw, opset: int) -> Drawn:
    given = sequence(draw, 1)
    return Drawn([given, _position(draw, -len(given), len(given) - 1)])


@draws("SequenceErase", opsets=(11, 27))
def sequenceerase(draw: Draw, opset: int) -> Drawn:
    given = sequence(draw, 1)
    return Drawn([given, _position(draw, -len(given), len(given) - 1)] if draw(st.booleans()) else [given])


def _inserted(drawn: Drawn, opset: int) -> list[list[np.ndarray]]:
    given, tensor, at = drawn.inputs
    return [[*given[: int(at)], tensor, *given[int(at) :]]]


@draws(
    "SequenceInsert",
    opsets=(11, 27),
    faults=[
        Fault(
            lambda drawn, opset: len(drawn.inputs) == 3 and int(drawn.inputs[2]) == len(drawn.inputs[0]),
            "Accepted range for 'position' is in `[-n, n]`, where `n` is the number of tensors in 'input_sequence'.",
            _inserted,
        )
    ],
)
def sequenceinsert(draw: Draw, opset: int) -> Drawn:
    # a position outside is not drawn: the reference takes it modulo the length
    given = sequence(draw)
    dtype = given[0].dtype.name if given else "float32"
    inputs = [given, array(draw, sizes(draw, (0, 3), high=3), dtype)]
    if draw(st.booleans()):
        inputs.append(np.array(draw(st.integers(-len(given), len(given))), draw(st.sampled_from(("int32", "int64")))))
    return Drawn(inputs)


@draws("SequenceConstruct", opsets=(11, 27))
def sequenceconstruct(draw: Draw, opset: int) -> Drawn:
    return Drawn(sequence(draw, 1, special=True))


@draws("SequenceEmpty", opsets=(11, 27))
def sequenceempty(draw: Draw, opset: int) -> Drawn:
    return Drawn([], {"dtype": draw(st.integers(1, 16))} if draw(st.booleans()) else {})


@draws("SequenceLength", opsets=(11, 27))
def sequencelength(draw: Draw, opset: int) -> Drawn:
    return Drawn([sequence(draw)])


@draws("ConcatFromSequence", opsets=(11, 27))
def concatfromsequence(draw: Draw, opset: int) -> Drawn:
    new = draw(st.integers(0, 1))
    shape = sizes(draw, (1 - new, 3), high=3)
    at = axis(draw, len(shape) + new)
    dtype = draw(st.sampled_from(ANY))
    shapes = [list(shape) for _ in range(draw(st.integers(1, 4)))]
    if not new:
        for one in shapes:
            one[at] = draw(st.integers(0, 3))
    if draw(st.integers(0, 29)) == 7:
        shapes[-1] = list(sizes(draw, (0, 3)))  # it rarely fits
    return Drawn([[array(draw, one, dtype, special=True) for one in shapes]], {"axis": at} | ({"new_axis": new} if new else {}))


@draws("SplitToSequence", opsets=(11, 24, 27))
def splittosequence(draw: Draw, opset: int) -> Drawn:
    # sizes that do not make up the whole are not drawn: the reference takes them
    shape = list(sizes(draw, (1, 3), high=3))
    at = axis(draw, len(shape))
    attributes = {"axis": at} if at or draw(st.booleans()) else {}
    if draw(st.booleans()):
        attributes["keepdims"] = draw(st.integers(0, 1))
    kind = draw(st.sampled_from(("int32", "int64")))
    how = draw(st.sampled_from(("none", "one size", "sizes")))
    shape[at] = draw(st.integers(0, 7))
    split = []
    if how == "one size":
        split = [np.array(draw(st.integers(1, 4)), kind)]
    elif how == "sizes":
        sizes_ = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
        shape[at] = sum(sizes_)
        split = [np.array(sizes_, kind)]
    names = ANY if opset >= 24 else [name for name in ANY if name != "bfloat16"]
    return Drawn([array(draw, shape, draw(st.sampled_from(names)), special=True), *split], attributes)

"""Other shapes for the same elements: Reshape, Transpose, Flatten, Squeeze, Unsqueeze, Expand, Tile."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, broadcast, draws, movable, sizes

RESHAPED = (5, 13, 14, 19, 21, 23, 24, 25, 27)
SINCE_ONE = (1, 13, 21, 23, 24, 25, 27)
SINCE_AXES = (1, 11, 13, 21, 23, 24, 25, 27)


def moved(draw: Draw, opset: int, shape, **named) -> np.ndarray:
    """An array of any dtype that operators which only move elements take."""
    return array(draw, shape, draw(st.sampled_from(movable(opset, **named))), special=True)


@draws("Reshape", opsets=RESHAPED)
def reshape(draw: Draw, opset: int) -> Drawn:
    # -1 where there are no elements is not drawn: what it stands for is not determined
    shape = sizes(draw, (0, 4), high=4)
    allowzero = draw(st.sampled_from((0, 0, 1))) if opset >= 14 else 0
    if draw(st.integers(0, 29)) == 7:
        wanted = draw(st.lists(st.integers(-1, 4), max_size=4))  # it rarely fits
        wanted = [1 if n == -1 and 0 in shape else n for n in wanted]
    elif math.prod(shape):
        wanted = _regrouped(draw, shape)
        if not allowzero:
            wanted = [0 if i < len(shape) and n == shape[i] and draw(st.booleans()) else n for i, n in enumerate(wanted)]
        if wanted and draw(st.booleans()):
            wanted[draw(st.integers(0, len(wanted) - 1))] = -1
    else:
        wanted = draw(st.permutations(shape)) if allowzero else [n if draw(st.booleans()) else 0 for n in shape]
    attributes = {"allowzero": allowzero} if allowzero or (opset >= 14 and draw(st.booleans())) else {}
    return Drawn([moved(draw, opset, shape), np.array(wanted, np.int64)], attributes)


def _regrouped(draw: Draw, shape) -> list[int]:
    """A shape of as many elements: axes in another order, some made one, with 1s between."""
    made: list[int] = []
    for n in draw(st.permutations(shape)):
        how = draw(st.sampled_from(("new", "into the last", "after a 1")))
        if how == "into the last" and made:
            made[-1] *= n
        else:
            made += [1, n] if how == "after a 1" else [n]
    return made


@draws("Transpose", opsets=SINCE_ONE)
def transpose(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw)
    perm = draw(st.permutations(range(len(shape))))
    perm = [*perm, 0] if draw(st.integers(0, 29)) == 7 else perm  # names an axis twice
    return Drawn([moved(draw, opset, shape)], {"perm": perm} if perm and draw(st.booleans()) else {})


def _flat(drawn: Drawn, opset: int) -> list[np.ndarray]:
    (x,), axis = drawn.inputs, drawn.attributes.get("axis", 1)
    return [x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))]


@draws(
    "Flatten",
    opsets=(1, 9, 11, 13, 21, 23, 24, 25, 27),
    faults=[
        Fault(
            lambda drawn, opset: 0 in drawn.inputs[0].shape[: drawn.attributes.get("axis", 1)],
            "with input dimensions up to axis flattened to the outer dimension of the output and remaining input dimensions "
            "flattened into the inner dimension of the output.",
            _flat,
        )
    ],
)
def flatten(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw)
    axis = draw(st.integers(-len(shape) if opset >= 11 else 0, len(shape)))
    attributes = {"axis": axis} if axis != 1 or draw(st.booleans()) else {}
    x = array(draw, shape, draw(st.sampled_from(("float32", "float64", "float16")))) if opset < 9 else moved(draw, opset, shape)
    return Drawn([x], attributes)


def _axes(drawn: Drawn) -> tuple[int, ...]:
    return tuple(drawn.attributes.get("axes", ()))


def _not_ascending(drawn: Drawn, opset: int) -> bool:
    axes = _axes(drawn)
    return list(axes) != sorted(axes) or any(axis < 0 for axis in axes)


@draws(
    "Squeeze",
    opsets=SINCE_AXES,
    faults=[
        Fault(
            lambda drawn, opset: opset < 13 and _not_ascending(drawn, opset),
            "List of integers indicating the dimensions to squeeze. Negative value means counting dimensions from the back.",
            lambda drawn, opset: [np.squeeze(drawn.inputs[0], _axes(drawn))],
        )
    ],
)
def squeeze(draw: Draw, opset: int) -> Drawn:
    shape = tuple(draw(st.lists(st.sampled_from((1, 1, 0, 2, 3)), max_size=5)))
    ones = [i for i, n in enumerate(shape) if n == 1]
    axes = draw(st.permutations(ones))[: draw(st.integers(0, len(ones)))]
    if opset >= 13 and shape and draw(st.integers(0, 29)) == 7:
        axes = [*axes, draw(st.integers(0, len(shape)))]  # named twice, not of size 1, or not there
    if opset >= 11:
        axes = [axis - len(shape) * draw(st.integers(0, 1)) for axis in axes]
    x = moved(draw, opset, shape)
    if opset < 13:
        return Drawn([x], {"axes": axes} if axes else {})
    return Drawn([x, np.array(axes, np.int64)] if draw(st.booleans()) else [x])


@draws(
    "Unsqueeze",
    opsets=SINCE_AXES,
    faults=[
        Fault(
            lambda drawn, opset: opset < 13 and _not_ascending(drawn, opset),
            "Dimension indices in `axes` are as seen in the output tensor. […] The order of values in `axes` does not matter",
            lambda drawn, opset: [np.expand_dims(drawn.inputs[0], _axes(drawn))],
        )
    ],
)
def unsqueeze(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw, (0, 3))
    count = draw(st.integers(1, 3))
    rank = len(shape) + count
    axes = draw(st.permutations(range(rank)))[:count]
    if opset < 11:
        axes = sorted(axes)
    elif opset >= 13 and draw(st.integers(0, 29)) == 7:
        axes = [*axes[:-1], draw(st.sampled_from((axes[0], rank)))]  # named twice, or not there
    axes = [axis - rank * draw(st.integers(0, 1)) for axis in axes] if opset >= 11 else axes
    x = moved(draw, opset, shape)
    return Drawn([x], {"axes": axes}) if opset < 13 else Drawn([x, np.array(axes, np.int64)])


@draws("Expand", opsets=(8, 13, 27))
def expand(draw: Draw, opset: int) -> Drawn:
    shape, wanted = broadcast(draw, 2)
    if draw(st.integers(0, 29)) == 7:
        wanted = sizes(draw)  # it rarely fits
    return Drawn([moved(draw, opset, shape, small=False), np.array(wanted, np.int64)])


@draws("Tile", opsets=(6, 13, 27))
def tile(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw, high=3)
    repeats = [draw(st.sampled_from((0, 1, 1, 2, 3))) for _ in shape]
    return Drawn([moved(draw, opset, shape, small=False), np.array(repeats, np.int64)])

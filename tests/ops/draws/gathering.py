"""Gather, GatherElements and GatherND: elements read at indices."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, axis, draws, sizes, versions


def indices(draw: Draw, shape: tuple[int, ...], size: int, dtype: str = "int64", *, negative: bool = True) -> np.ndarray:
    """Places on an axis of this size, some counted from the end."""
    return array(draw, shape, dtype, low=-size if negative else 0, high=size - 1)


def _place(draw: Draw, rank: int, opset: int) -> int:
    return axis(draw, rank) if opset >= 11 else draw(st.integers(0, rank - 1))


@draws("Gather", opsets=versions("Gather"))
def gather(draw: Draw, opset: int) -> Drawn:
    data = array(draw, sizes(draw, (1, 3)), draw(st.sampled_from(allowed("Gather", opset))))
    along = _place(draw, data.ndim, opset)
    n, named = data.shape[along], draw(st.sampled_from(("int32", "int64")))
    beyond = data.size > 0 and draw(st.integers(0, 30)) == 17  # "It is an error if any of the index values are out of bounds."
    shape = sizes(draw, (0, 2)) if n else (*sizes(draw, (0, 2)), 0)
    places = indices(draw, shape, max(n, 1), named, negative=opset >= 11)
    return Drawn([data, places + n * beyond], {} if along == 0 and draw(st.booleans()) else {"axis": along})


def _any_array(drawn: Drawn, opset: int) -> bool:
    """Where NumPy's choose, which the evaluator asks, cannot."""
    data, places = drawn.inputs
    return data.dtype.kind == "V" or any(a != b for a, b in zip(data.shape, places.shape, strict=True)) or not data.size


def _elements(drawn: Drawn, opset: int) -> list[np.ndarray]:
    data, places = drawn.inputs
    along = drawn.attributes.get("axis", 0) % data.ndim
    found = np.empty(places.shape, data.dtype)
    for at in np.ndindex(*places.shape):
        found[at] = data[(*at[:along], places[at], *at[along + 1 :])]
    return [found]


SAYS = "out[i][j][k] = input[index[i][j][k]][j][k] if axis = 0"


@draws("GatherElements", opsets=versions("GatherElements"), faults=[Fault(_any_array, SAYS, right=_elements)])
def gather_elements(draw: Draw, opset: int) -> Drawn:
    data = array(draw, sizes(draw, (1, 3)), draw(st.sampled_from(allowed("GatherElements", opset))))
    along = axis(draw, data.ndim)
    shape = list(data.shape) if draw(st.booleans()) else [draw(st.integers(0, n)) for n in data.shape]
    shape[along] = draw(st.integers(0, 5)) if data.shape[along] else 0
    places = indices(draw, tuple(shape), data.shape[along], draw(st.sampled_from(("int32", "int64"))))
    return Drawn([data, places], {} if along == 0 and draw(st.booleans()) else {"axis": along})


def tuples(draw: Draw, shape: tuple[int, ...], sides: tuple[int, ...]) -> np.ndarray:
    """[*shape, len(sides)]: an index on each of the sides."""
    return np.stack([indices(draw, shape, max(n, 1)) for n in sides], -1)


def _nothing(drawn: Drawn, opset: int) -> bool:
    return 0 in drawn.inputs[0].shape or 0 in drawn.inputs[1].shape


def _empty(drawn: Drawn, opset: int) -> list[np.ndarray]:
    data, places = drawn.inputs
    rest = data.shape[drawn.attributes.get("batch_dims", 0) + places.shape[-1] :]
    return [np.empty((*places.shape[:-1], *rest), data.dtype)]


SHAPE = "gathers slices of `data` into an output tensor of rank `q + r - indices_shape[-1] - 1 - b`"


@draws("GatherND", opsets=versions("GatherND"), faults=[Fault(_nothing, SHAPE, right=_empty)])
def gather_nd(draw: Draw, opset: int) -> Drawn:
    data = array(draw, sizes(draw, (1, 4)), draw(st.sampled_from(allowed("GatherND", opset))))
    batch = draw(st.integers(0, data.ndim - 1)) if opset >= 12 else 0
    depth = draw(st.integers(1, data.ndim - batch))
    sides = data.shape[batch : batch + depth]
    shape = (*data.shape[:batch], *sizes(draw, (0, 2), high=3))
    shape = shape if all(sides) or 0 in shape else (*shape, 0)
    return Drawn([data, tuples(draw, shape, sides)], {"batch_dims": batch} if batch or draw(st.booleans()) else {})

"""OneHot, NonZero, Compress, Slice, ReverseSequence and Trilu: parts of tensors, and where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, axis, draws, sizes, some, versions


def _one_hot(drawn: Drawn, opset: int) -> list[np.ndarray]:
    places, depth, values = drawn.inputs
    places, count = places.astype(np.int64), int(depth.reshape(-1).astype(np.int64)[0])
    places = np.where((places < 0) & (opset >= 11), places + count, places)
    places = np.expand_dims(places, drawn.attributes.get("axis", -1))
    column = [-1 if i == drawn.attributes.get("axis", -1) % places.ndim else 1 for i in range(places.ndim)]
    return [values[(places == np.arange(count).reshape(column)).astype(int)]]


def _cast(drawn: Drawn, opset: int) -> bool:
    places, depth, _ = drawn.inputs
    return any(x.dtype.kind == "f" for x in (places, depth)) or bool(depth.ndim)


def _from_the_end(drawn: Drawn, opset: int) -> bool:
    return opset < 11 and bool((drawn.inputs[0] < 0).any())


def _no_difference(drawn: Drawn, opset: int) -> bool:
    return drawn.inputs[2].dtype.kind in "bO" or not np.isfinite(drawn.inputs[2]).all()


ONE_HOT = (
    Fault(_cast, "In case 'indices' is of non-integer type, the values will be casted to int64 before use.", right=_one_hot),
    Fault(_from_the_end, "values outside the range [0, depth) will result in one-hot representation with all 'off_value' values", right=_one_hot),
    Fault(_no_difference, "'on_value' is the value used for filling locations specified in 'indices' input tensor", right=_one_hot),
)  # fmt: skip


@draws("OneHot", opsets=versions("OneHot"), faults=ONE_HOT)
def one_hot(draw: Draw, opset: int) -> Drawn:
    depth = draw(st.integers(0, 5))
    shape = sizes(draw, (0, 3))
    indices = array(draw, shape, draw(st.sampled_from(allowed("OneHot", opset, 0))), low=-depth - 2, high=depth + 2)
    asked = draw(st.sampled_from(allowed("OneHot", opset, 1)))
    classes = np.full((1,) * draw(st.integers(0, 1)), depth + ("float" in asked) * draw(st.sampled_from((0, 0.75))), asked)
    values = array(draw, (2,), draw(st.sampled_from(allowed("OneHot", opset, 2))), low=0)
    last = draw(st.integers(-len(shape) - 1, len(shape))) if opset >= 11 else draw(st.integers(-1, len(shape)))
    return Drawn([indices, classes, values], some(draw, axis=st.just(last)))


@draws("NonZero", opsets=versions("NonZero"))
def non_zero(draw: Draw, opset: int) -> Drawn:
    return Drawn([array(draw, sizes(draw), draw(st.sampled_from(allowed("NonZero", opset))), low=0, high=2, special=True)])


@draws("Compress", opsets=versions("Compress"))
def compress(draw: Draw, opset: int) -> Drawn:
    data = array(draw, sizes(draw, (1, 3)), draw(st.sampled_from(allowed("Compress", opset))))
    along = axis(draw, data.ndim) if opset >= 11 else draw(st.integers(0, data.ndim - 1))
    attributes = some(draw, axis=st.just(along))
    length = data.shape[along] if attributes else data.size
    return Drawn([data, array(draw, (draw(st.integers(0, length)),), "bool")], attributes)


EDGES = (2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
"""INT_MAX and INT_MIN, which the standard recommends for an open end."""


def _before(drawn: Drawn, opset: int) -> bool:
    """Where a start before the first element is none to NumPy."""
    if len(drawn.inputs) < 5 or drawn.inputs[4] is None:
        return False
    starts, _, axes, steps = _cuts(drawn)
    shape = drawn.inputs[0].shape
    return any(step < 0 and start < -shape[a] for start, a, step in zip(starts, axes, steps, strict=True))


def _cuts(drawn: Drawn) -> list[list[int]]:
    starts, ends, axes, steps = ([] if x is None else x.tolist() for x in (*drawn.inputs[1:], None, None)[:4])
    return [starts, ends, axes or list(range(len(starts))), steps or [1] * len(starts)]


def _clamped(drawn: Drawn, opset: int) -> list[np.ndarray]:
    data = drawn.inputs[0]
    for start, end, a, step in zip(*_cuts(drawn), strict=True):
        n = data.shape[a]
        low, high = (-1, n - 1) if step < 0 else (0, n)
        first = min(max(start + n * (start < 0), 0), high)
        last = min(max(end + n * (end < 0), low), high)
        data = data.take(range(first, last, step) if n else [], a)
    return [data]


SLICE = "Then `starts[axes[i]]` is clamped to range `[0, dims[axes[i]]]` for positive stepping, or to range `[0, dims[axes[i]]-1]` for negative stepping."  # fmt: skip


@draws("Slice", opsets=versions("Slice"), faults=[Fault(_before, SLICE, right=_clamped)])
def slices(draw: Draw, opset: int) -> Drawn:
    data = array(draw, sizes(draw, (1, 4), high=6), draw(st.sampled_from(allowed("Slice", opset))))
    axes = draw(st.lists(st.integers(0, data.ndim - 1), unique=True, min_size=int(opset < 10)))  # a repeated one is undefined
    axes = axes if draw(st.booleans()) else list(range(len(axes)))
    named = draw(st.sampled_from((np.int32, np.int64))) if opset >= 10 else np.int64
    bound = st.one_of(st.integers(-8, 8), st.sampled_from(EDGES[: 2 if named == np.int32 else 4]))
    starts, ends = ([draw(bound) for _ in axes] for _ in range(2))
    said = axes != list(range(len(axes))) or draw(st.booleans())
    if opset < 10:
        return Drawn([data], {"starts": starts, "ends": ends} | ({"axes": axes} if said else {}))
    axes = [a - data.ndim if opset >= 11 and draw(st.booleans()) else a for a in axes] if said else None
    step = st.sampled_from((1, 2, 3, -1, -2, -3, 100, *EDGES[:2]))
    steps = [draw(step) for _ in starts] if draw(st.booleans()) else None
    return Drawn([data, *(None if x is None else np.array(x, named) for x in (starts, ends, axes, steps))])


@draws("ReverseSequence", opsets=versions("ReverseSequence"))
def reverse_sequence(draw: Draw, opset: int) -> Drawn:
    data = array(draw, sizes(draw, (2, 4)), draw(st.sampled_from(allowed("ReverseSequence", opset))))
    batch = draw(st.integers(0, 1))
    lengths = array(draw, (data.shape[batch],), "int64", low=0, high=data.shape[1 - batch])
    attributes = {} if batch == 1 and draw(st.booleans()) else {"batch_axis": batch, "time_axis": 1 - batch}
    return Drawn([data, lengths], attributes)


@draws("Trilu", opsets=versions("Trilu"))
def trilu(draw: Draw, opset: int) -> Drawn:
    """No texts: what their zero is, the standard does not say."""
    dtype = draw(st.sampled_from([d for d in allowed("Trilu", opset) if d != "string"]))
    k: Any = np.array(draw(st.integers(-7, 7)), np.int64) if draw(st.booleans()) else None
    return Drawn([array(draw, sizes(draw, (2, 4)), dtype, special=True), k], some(draw, upper=st.integers(0, 1)))

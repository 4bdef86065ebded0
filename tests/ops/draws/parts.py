"""Tensors put together, cut and padded: Concat, Split, Pad, CenterCropPad."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import ANY, NUMBERS, Draw, Drawn, Fault, array, axis, draws, movable, sizes


@draws("Concat", opsets=(4, 11, 13, 27))
def concat(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw, (1, 4), high=4)
    at = axis(draw, len(shape)) if opset >= 11 else draw(st.integers(0, len(shape) - 1))
    dtype = draw(st.sampled_from(movable(opset, small=False)))
    shapes = [list(shape) for _ in range(draw(st.integers(1, 4)))]
    for one in shapes:
        one[at] = draw(st.integers(0, 3))
    if draw(st.integers(0, 29)) == 7:
        shapes[-1] = list(sizes(draw))  # it rarely fits
    return Drawn([array(draw, one, dtype, special=True) for one in shapes], {"axis": at})


@draws("Split", opsets=(2, 11, 13, 18, 27))
def split(draw: Draw, opset: int) -> Drawn:
    # parts that do not make up the whole, and before opset 18 a whole that does not divide, are not drawn: the reference takes them
    shape = list(sizes(draw, (1, 4), high=3))
    at = axis(draw, len(shape)) if opset >= 11 else draw(st.integers(0, len(shape) - 1))
    how = draw(st.sampled_from(("split", "equal")))
    parts = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    if how == "equal":
        shape[at] = draw(st.integers(0, 9)) if opset >= 18 else len(parts) * draw(st.integers(0, 3))
    else:
        shape[at] = sum(parts)
    attributes = {"axis": at} if at or draw(st.booleans()) else {}
    inputs = [array(draw, shape, draw(st.sampled_from(movable(opset, small=False))), special=True)]
    if how == "split" and opset < 13:
        attributes["split"] = parts
    elif how == "split":
        inputs.append(np.array(parts, np.int64))
    elif opset >= 18:
        attributes["num_outputs"] = len(parts)
    return Drawn(inputs, attributes, outputs=len(parts))


def _amounts(drawn: Drawn) -> list[int]:
    return list(drawn.attributes.get("paddings", drawn.attributes.get("pads", drawn.inputs[-1] if len(drawn.inputs) < 2 else drawn.inputs[1])))  # fmt: skip


def _wide(drawn: Drawn) -> list[list[int]]:
    """[begin, end] of every axis."""
    rank, pads = drawn.inputs[0].ndim, _amounts(drawn)
    axes = drawn.inputs[3] if len(drawn.inputs) > 3 else range(rank)
    wide = [[0, 0] for _ in range(rank)]
    for i, at in enumerate(axes):
        wide[at] = [int(pads[i]), int(pads[i + len(axes)])]
    return wide


def _padded(drawn: Drawn, opset: int) -> list[np.ndarray]:
    """First what is taken away."""
    x, wide = drawn.inputs[0], _wide(drawn)
    x = x[(*(slice(max(0, -begin), n - max(0, -end)) for n, (begin, end) in zip(x.shape, wide, strict=True)), ...)]
    wide = [[max(0, begin), max(0, end)] for begin, end in wide]
    mode = drawn.attributes.get("mode", "constant")
    if mode != "constant":
        return [np.pad(x, wide, mode)]
    value = drawn.attributes.get("value", 0) if len(drawn.inputs) < 3 or drawn.inputs[2] is None else drawn.inputs[2].item()
    made = np.full([n + begin + end for n, (begin, end) in zip(x.shape, wide, strict=True)], _default(x, value), x.dtype)
    made[tuple(slice(begin, begin + n) for n, (begin, _) in zip(x.shape, wide, strict=True))] = x
    return [made]


def _default(x: np.ndarray, value):
    return "" if x.dtype == object and not isinstance(value, str) else value


@draws(
    "Pad",
    opsets=(1, 2, 11, 13, 18, 19, 21, 23, 24, 25, 27),
    faults=[
        Fault(
            lambda drawn, opset: drawn.inputs[0].ndim == 0,
            "`pads` should be a 1D tensor of shape [2 * num_axes] where `num_axes` refers to […] the input rank",
            lambda drawn, opset: [drawn.inputs[0]],
        ),
        Fault(
            lambda drawn, opset: min(_amounts(drawn), default=0) < 0,
            "the number of padding elements to add or remove (if negative) at the beginning and end of each axis",
            _padded,
        ),
        Fault(
            lambda drawn, opset: drawn.inputs[0].dtype == object and drawn.attributes.get("mode", "constant") == "constant",
            "A scalar value to be used if the mode chosen is `constant` (by default it is 0, empty string or False).",
            _padded,
        ),
    ],
)
def pad(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw, (1 if opset < 11 else 0, 4), high=4)
    if opset < 11:
        x = array(draw, shape, draw(st.sampled_from(("float32", "float64", "float16"))))
    else:
        names = tuple(n for n in NUMBERS if n != "bfloat16") if opset < 13 else movable(opset)
        # float8_e8m0fnu has no 0 to pad with
        x = array(draw, shape, draw(st.sampled_from([n for n in names if n != "float8_e8m0fnu"])), special=True)
    mode = draw(st.sampled_from(("constant", "constant", "reflect", "edge", "wrap")[: 5 if opset >= 19 else 4]))
    axes = draw(st.permutations(range(len(shape))))[: draw(st.integers(0, len(shape)))] if opset >= 18 and draw(st.booleans()) else None  # fmt: skip
    pads = [_two(draw, shape[at], mode) for at in (range(len(shape)) if axes is None else axes)]
    flat = [begin for begin, _ in pads] + [end for _, end in pads]
    attributes = {"mode": mode} if mode != "constant" or draw(st.booleans()) else {}
    if opset < 11:
        value = {"value": draw(st.sampled_from((0.0, 1.5, -2.0)))} if draw(st.booleans()) else {}
        return Drawn([x], {"paddings" if opset == 1 else "pads": flat, **attributes, **value})
    value = array(draw, (), x.dtype.name) if draw(st.booleans()) else None
    if x.ndim and min(flat, default=0) >= 0 and x.dtype != object and draw(st.integers(0, 29)) == 7:
        flat = [*flat, 0]  # one too many
    inputs = [x, np.array(flat, np.int64), value]
    if axes is not None:
        signed = [at - len(shape) * draw(st.integers(0, 1)) for at in axes]
        if axes and min(flat) >= 0 and x.dtype != object and draw(st.integers(0, 29)) == 7:
            signed[0] = len(shape)  # is not there
        inputs.append(np.array(signed, draw(st.sampled_from(("int32", "int64")))))
    return Drawn(inputs if value is not None or axes is not None else inputs[:2], attributes)


def _two(draw: Draw, n: int, mode: str) -> tuple[int, int]:
    """What is put before and after an axis; sometimes some is taken away, never more than there is."""
    if mode != "constant" and n == 0:
        return 0, 0  # of nothing there is nothing to repeat
    if draw(st.integers(0, 3)) == 2:
        most = n if mode == "constant" else n - 1
        begin = draw(st.integers(-most, 4))
        return begin, draw(st.integers(-(most + min(begin, 0)), 4))
    return draw(st.integers(0, 6)), draw(st.integers(0, 6))


@draws("CenterCropPad", opsets=(18, 27))
def centercroppad(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw, (1, 4), high=6)
    axes = draw(st.permutations(range(len(shape))))[: draw(st.integers(1, len(shape)))] if draw(st.booleans()) else None
    dtype = draw(st.sampled_from(ANY))
    # strings are only cut: 0 is no text
    wanted = [draw(st.integers(0, shape[at] if dtype == "string" else 9)) for at in (range(len(shape)) if axes is None else axes)]
    signed = [at - len(shape) * draw(st.integers(0, 1)) for at in axes or []]
    size = np.array(wanted, draw(st.sampled_from(("int32", "int64"))))
    return Drawn([array(draw, shape, dtype, special=True), size], {"axes": signed} if axes else {})

"""Arithmetic of two and more tensors: broadcast, integers that wrap and end, special numbers."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, broadcast, draws, sizes, some, versions


def shapes(draw: Draw, opset: int, count: int = 2) -> list[tuple[int, ...]]:
    """That broadcast together; equal until opset 6, whose broadcasting the reference evaluator does not know."""
    return broadcast(draw, count, high=4) if opset >= 7 else [sizes(draw)] * count


def nonzero(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Integers without 0: what a division by it gives is not said."""
    return np.where(x == 0, 1, x).astype(x.dtype) if x.dtype.kind in "iu" else x


@draws("Add", "Sub", "Mul", opsets=versions)
def two(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    return Drawn([array(draw, shape, dtype, low=-200, high=200, special=True) for shape in shapes(draw, opset)])


@draws("Div", opsets=versions)
def div(draw: Draw, opset: int) -> Drawn:
    """The smallest integer by −1, whose quotient no dtype holds, wraps here and there."""
    a, b = two(draw, opset, "Div").inputs
    return Drawn([a, nonzero(b)])


@draws("Mod", opsets=versions)
def mod(draw: Draw, opset: int) -> Drawn:
    """Floats need fmod until opset 27. No quotient beyond the dtype: torch's kernel for many gives NaN for it, that for one not."""
    a, b = two(draw, opset, "Mod").inputs
    if a.dtype.kind not in "iu":
        wide = np.abs(b.astype(np.float64))
        b = np.where((wide < 0.01) & (wide > 0), np.ones((), b.dtype), b)
        most = np.abs(a.astype(np.float64))
        a = np.where((most * 100 > float(ml_dtypes.finfo(a.dtype).max)) & np.isfinite(most), np.ones((), a.dtype), a)
    fmod = {"fmod": 1} if a.dtype.kind not in "iu" and opset < 28 else some(draw, fmod=st.integers(0, 1))
    return Drawn([a, nonzero(b)], fmod)


@draws("Pow", opsets=versions)
def power(draw: Draw, opset: int) -> Drawn:
    """Integers have small exponents, none below 0, and no exponents in floats that would not give integers."""
    dtype = draw(st.sampled_from(allowed("Pow", opset)))
    other = draw(st.sampled_from(allowed("Pow", opset, 1))) if opset >= 12 else dtype
    whole = dtype.startswith("int")
    first, second = shapes(draw, opset)
    y = array(draw, second, other, low=0 if whole else -3, high=4, special=not whole and "int" not in other)
    if whole and "int" not in other:
        y = np.trunc(y.astype(np.float32)).astype(y.dtype)
    return Drawn([array(draw, first, dtype, special=not whole), y])


@draws("Max", "Min", "Sum", "Mean", opsets=versions)
def several(draw: Draw, opset: int, operator: str) -> Drawn:
    """The first has the whole shape for Mean: the reference evaluator adds in place. No overflow there, of either sign."""
    dtype, count = draw(st.sampled_from(allowed(operator, opset))), draw(st.integers(1, 4))
    drawn = broadcast(draw, count, high=4) if opset >= 8 else [sizes(draw)] * count
    if operator == "Mean":
        drawn[0] = np.broadcast_shapes(*drawn)
    return Drawn([array(draw, shape, dtype, special=operator in ("Max", "Min")) for shape in drawn])


@draws("BitwiseAnd", "BitwiseOr", "BitwiseXor", "And", "Or", "Xor", opsets=versions)
def bits(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    return Drawn([array(draw, shape, dtype, low=-200, high=200, special=True) for shape in shapes(draw, opset)])


@draws("BitShift", opsets=versions)
def bit_shift(draw: Draw, opset: int) -> Drawn:
    """By less than the bits there are until opset 27, which does not say what more gives."""
    dtype = draw(st.sampled_from(allowed("BitShift", opset)))
    width = np.dtype(dtype).itemsize * 8
    first, second = shapes(draw, opset)
    y = array(draw, second, dtype, low=-3 if opset >= 28 else 0, high=width + 3 if opset >= 28 else width - 1)
    return Drawn([array(draw, first, dtype, low=-200, high=200, special=True), y], {"direction": draw(st.sampled_from(("LEFT", "RIGHT")))})  # fmt: skip


@draws("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", opsets=versions)
def comparison(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    return Drawn([array(draw, shape, dtype, special=True) for shape in shapes(draw, opset)])


@draws("Where", opsets=versions)
def where(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("Where", opset, 1)))
    condition, *both = broadcast(draw, 3, high=4)
    return Drawn([array(draw, condition, "bool"), *(array(draw, shape, dtype, special=True) for shape in both)])


def clipped_to_float16(drawn: Drawn, opset: int) -> list[np.ndarray[Any, Any]]:
    """With the bounds that a file may give, of which none is beyond those of float16."""
    x, largest = drawn.inputs[0], np.finfo(np.float16).max
    return [np.clip(x, np.float16(drawn.attributes.get("min", -largest)), np.float16(drawn.attributes.get("max", largest)))]


FLOAT32_BOUNDS = Fault(
    lambda drawn, opset: opset < 11 and drawn.inputs[0].dtype == "float16",
    "They default to numeric_limits::lowest() and numeric_limits::max() respectively. (The reference evaluator: float32's.)",
    right=clipped_to_float16,
)


@draws("Clip", opsets=versions("Clip", 6), faults=[FLOAT32_BOUNDS])
def clip(draw: Draw, opset: int) -> Drawn:
    """Bounds that may stand in the wrong order, and of which either may be absent."""
    dtype = draw(st.sampled_from(allowed("Clip", opset)))
    x = array(draw, sizes(draw), dtype, low=-6, high=6, special=True)
    if opset < 11:
        bound = st.floats(-5, 5, width=16)
        return Drawn([x], some(draw, min=bound, max=bound))
    bounds = [array(draw, (), dtype, low=-5, high=5) if draw(st.booleans()) else None for _ in range(2)]
    return Drawn([x, *bounds] if bounds[1] is not None else [x, *bounds[:1]] if bounds[0] is not None else [x])

"""Constant, ConstantOfShape, EyeLike, Range, Shape and Size: tensors made of nothing but attributes, shapes and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, draws, dtype_of, sizes, some, versions


def tensor(x: np.ndarray) -> onnx.TensorProto:
    """The array as an attribute holds it."""
    return numpy_helper.from_array(x)


TEXTS = st.text("abÄ 1.", max_size=3)
NUMBERS32 = st.floats(-100, 100, width=32)
WHOLE = st.integers(-(2**63), 2**63 - 1)


@draws("Constant", opsets=versions("Constant"))
def constant(draw: Draw, opset: int) -> Drawn:
    """Without sparse_value, of which the evaluator makes no tensor."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "value_float": NUMBERS32,
        "value_floats": st.lists(NUMBERS32, min_size=1, max_size=4),
        "value_int": WHOLE,
        "value_ints": st.lists(WHOLE, min_size=1, max_size=4),
        "value_string": TEXTS,
        "value_strings": st.lists(TEXTS, min_size=1, max_size=4),
    }
    if opset >= 12 and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(kinds)))
        return Drawn([], {name: draw(kinds[name])})
    dtype = draw(st.sampled_from(allowed("Constant", opset, output=True)))
    return Drawn([], {"value": tensor(array(draw, sizes(draw, (0, 3), high=4), dtype, special=True))})


@draws("ConstantOfShape", opsets=versions("ConstantOfShape"))
def constant_of_shape(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("ConstantOfShape", opset, output=True)))
    value = tensor(array(draw, (1,), dtype, special=True))
    return Drawn([np.array(sizes(draw), np.int64)], some(draw, value=st.just(value)))


@draws("EyeLike", opsets=versions("EyeLike"))
def eye_like(draw: Draw, opset: int) -> Drawn:
    dtypes = st.sampled_from(allowed("EyeLike", opset))
    code = st.sampled_from(allowed("EyeLike", opset, output=True)).map(
        lambda name: helper.np_dtype_to_tensor_dtype(dtype_of(name))
    )
    return Drawn([array(draw, sizes(draw, 2), draw(dtypes))], some(draw, dtype=code, k=st.integers(-6, 6)))


@draws("Range", opsets=versions("Range"))
def numbers(draw: Draw, opset: int) -> Drawn:
    """Steps of a quarter, which every float dtype has: of others the count hangs on how a quotient is rounded."""
    dtype = draw(st.sampled_from(allowed("Range", opset)))
    scale = 1 if "int" in dtype else 4
    start, limit = (draw(st.integers(-40, 40)) / scale for _ in range(2))
    step = draw(st.integers(-12, 12).filter(bool)) / scale
    attributes = some(draw, stash_type=st.sampled_from((1, 11))) if opset >= 27 else {}
    return Drawn([np.array(x).astype(dtype_of(dtype)) for x in (start, limit, step)], attributes)


def _outside(drawn: Drawn, opset: int) -> bool:
    return opset >= 15 and drawn.attributes.get("end", 0) < -drawn.inputs[0].ndim


def _clamped(drawn: Drawn, opset: int) -> list[np.ndarray]:
    return [np.array(drawn.inputs[0].shape[drawn.attributes.get("start", 0) : drawn.attributes["end"]], np.int64)]


CLAMPED = Fault(_outside, "axes will be clamped to the range [0, r], where r is the rank of the input tensor if they are out-of-range (after adding r in the case of negative axis)", right=_clamped)  # fmt: skip


@draws("Shape", opsets=versions("Shape"), faults=[CLAMPED])
def shape(draw: Draw, opset: int) -> Drawn:
    data = array(draw, sizes(draw), draw(st.sampled_from(allowed("Shape", opset))))
    return Drawn([data], some(draw, start=st.integers(-6, 6), end=st.integers(-6, 6)) if opset >= 15 else {})


@draws("Size", opsets=versions("Size"))
def size(draw: Draw, opset: int) -> Drawn:
    return Drawn([array(draw, sizes(draw), draw(st.sampled_from(allowed("Size", opset))))])

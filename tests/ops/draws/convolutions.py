"""Convolutions: plain, of integers, quantized, causal."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx.reference.ops.op_conv import _conv_implementation

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws
from tests.ops.draws.geometry import spatial, window

COARSE = ("float16", "bfloat16")
"""Sums of products in these are only as near as their few digits: the evaluator adds in the dtype itself."""


def tolerance(dtype: str) -> dict[str, Any]:
    return {"float16": {"rtol": 1e-2, "atol": 2e-2}, "bfloat16": {"rtol": 5e-2, "atol": 2e-1}}.get(dtype, {})


def convolved(draw: Draw, axes: int) -> tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]:
    """The shapes of X and W, and the attributes."""
    sizes, kernel, attributes = window(draw, axes, cropped=True)
    group, per_group, per_filter = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    if group > 1 or draw(st.booleans()):
        attributes["group"] = group
    if draw(st.booleans()):
        attributes["kernel_shape"] = kernel
    batch = draw(st.sampled_from((1, 2, 0, 1)))
    return (batch, group * per_group, *sizes), (group * per_filter, per_group, *kernel), attributes


@draws("Conv", opsets=(1, 11, 22, 27))
def conv(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(("float32", "float64", "float16", "bfloat16")[: 4 if opset >= 22 else 3]))
    x, w, attributes = convolved(draw, spatial(draw))
    inputs = [array(draw, x, dtype, low=-1, high=1), array(draw, w, dtype, low=-1, high=1)]
    if draw(st.booleans()):
        inputs.append(array(draw, w[:1], dtype, low=-1, high=1))
    return Drawn(inputs, attributes, **tolerance(dtype))


def _per_filter(drawn: Drawn, opset: int) -> bool:
    """Whether there is a zero point for each filter, which the evaluator takes for two axes only."""
    w_zero = (*drawn.inputs, None, None)[3]
    return w_zero is not None and w_zero.ndim == 1 and drawn.inputs[0].ndim != 4


def _shifted(x: np.ndarray[Any, Any], zero_point: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    wide = x.astype(np.int32)
    return wide if zero_point is None else wide - zero_point.astype(np.int32).reshape(-1, *[1] * (x.ndim - 1))


def _integers(drawn: Drawn, opset: int) -> list[Any]:
    """Conv of the integers less their zero points."""
    x, w, x_zero, w_zero = (*drawn.inputs, None, None)[:4]
    names = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
    options = {"auto_pad": "NOTSET", "group": 1} | drawn.attributes
    return [_conv_implementation(_shifted(x, x_zero), _shifted(w, w_zero), None, *[options.get(n) for n in names])]


FILTERS = "a 1-D tensor, its number of elements should be equal to the number of output channels (M)"


@draws("ConvInteger", opsets=(10, 27), faults=[Fault(_per_filter, FILTERS, _integers)])
def conv_integer(draw: Draw, opset: int) -> Drawn:
    of_8_bits = st.sampled_from(("uint8", "int8"))
    kind, other = draw(of_8_bits), draw(of_8_bits)
    x, w, attributes = convolved(draw, spatial(draw))
    inputs = [array(draw, x, kind, low=-128, high=255), array(draw, w, other, low=-128, high=255), None, None]
    if draw(st.booleans()):
        inputs[2] = array(draw, (), kind, low=-128, high=255)
    if draw(st.booleans()):
        inputs[3] = array(draw, draw(st.sampled_from(((), w[:1]))), other, low=-128, high=255)
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes)


@draws("QLinearConv", opsets=(10, 27))
def qlinear_conv(draw: Draw, opset: int) -> Drawn:
    of_8_bits = st.sampled_from(("uint8", "int8"))
    kinds = draw(of_8_bits), draw(of_8_bits), draw(of_8_bits)
    x, w, attributes = convolved(draw, axes := spatial(draw))
    scales = [array(draw, (), low=0.05, high=1.5) for _ in kinds]
    points = [array(draw, (), kind, low=-128, high=255) for kind in kinds]
    if axes == 2 and draw(st.booleans()):  # the evaluator takes one per filter for two axes only
        scales[1] = array(draw, w[:1], low=0.05, high=1.5)
    if draw(st.booleans()):
        points[1] = array(draw, w[:1], kinds[1], low=-128, high=255)
    arrays = [array(draw, shape, kind, low=-128, high=255) for shape, kind in zip((x, w), kinds, strict=False)]
    inputs = [arrays[0], scales[0], points[0], arrays[1], scales[1], points[1], scales[2], points[2]]
    if draw(st.booleans()):
        inputs.append(array(draw, w[:1], "int32", low=-1000, high=1000))
    return Drawn(inputs, attributes)


@draws("CausalConvWithState", opsets=(27, 28))
def causal_conv_with_state(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(("float32", "float16", "bfloat16")))
    batch, channels, length, kernel = draw(st.tuples(*[st.integers(low, 4) for low in (1, 1, 1, 1)]))
    shapes = [(batch, channels, length), (channels, 1, kernel), (channels,), (batch, channels, kernel - 1)]
    inputs = [array(draw, shape, dtype, low=-1, high=1) for shape in shapes]
    for place in (2, 3):
        if draw(st.booleans()):
            inputs[place] = None
    attributes = {"activation": draw(st.sampled_from(("none", "silu", "swish")))} if draw(st.booleans()) else {}
    return Drawn(inputs, attributes, 2, **tolerance(dtype))

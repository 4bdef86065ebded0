"""Pools: windows and whole images."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.convolutions import tolerance
from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, sizes
from tests.ops.draws.geometry import spatial, window
from tests.ops.draws.pooling import average, axes_of, largest, norm

FLOATS = ("float32", "float64", "float16", "bfloat16")


def of_floats(draw: Draw, opset: int, since: int = 22) -> str:
    return draw(st.sampled_from(FLOATS if opset >= since else FLOATS[:3]))


def pooled(draw: Draw, opset: int, *, dilated_since: int, ceil_since: int) -> tuple[tuple[int, ...], dict[str, Any]]:
    """X's shape and the attributes."""
    spatial_sizes, kernel, attributes = window(draw, spatial(draw), dilated=opset >= dilated_since)
    attributes["kernel_shape"] = kernel
    if opset >= ceil_since and attributes.get("auto_pad", "NOTSET") == "NOTSET" and draw(st.booleans()):
        attributes["ceil_mode"] = draw(st.integers(0, 1))
    return (draw(st.integers(1, 2)), draw(st.integers(1, 2)), *spatial_sizes), attributes


def sticks_out(drawn: Drawn, opset: int) -> bool:
    """Whether ceil_mode lets the last window stick out by two or more: some of which the evaluator puts before the input."""
    if not drawn.attributes.get("ceil_mode"):
        return False
    return any((n + a + b - (k - 1) * d - 1) % s for n, k, s, d, a, b in axes_of(drawn))


def by_itself(drawn: Drawn, opset: int) -> bool:
    """Whether auto_pad meets dilations or takes away: there the evaluator forgets the first and refuses the second."""
    auto_pad = drawn.attributes.get("auto_pad", "NOTSET")
    if auto_pad == "NOTSET":
        return False
    return any(d > 1 or (auto_pad != "VALID" and -(-n // s) * s - s + k < n) for n, k, s, d, _, _ in axes_of(drawn))


CEILED = "output_spatial_shape[i] = ceil(…) if ceil_mode is enabled. Sliding windows that would start in the right padded region are ignored."
ALONE = "pad_shape[i] = (output_spatial_shape[i] - 1) * strides_spatial_shape[i] + ((kernel_spatial_shape[i] - 1) * dilations[i] + 1) - input_spatial_shape[i]"  # fmt: skip
INSIDE = "count_include_pad: Default is 0, doesn't count include pad."


@draws(
    "AveragePool",
    opsets=(1, 7, 10, 11, 19, 22, 27),
    faults=[
        Fault(sticks_out, CEILED, average),
        Fault(by_itself, ALONE, average),
        Fault(lambda drawn, opset: opset < 7 and _padded(drawn, opset), INSIDE, average),
    ],
)
def average_pool(draw: Draw, opset: int) -> Drawn:
    shape, attributes = pooled(draw, opset, dilated_since=19, ceil_since=10)
    if opset >= 7 and draw(st.booleans()):
        attributes["count_include_pad"] = draw(st.integers(0, 1))
    dtype = of_floats(draw, opset)
    return Drawn([array(draw, shape, dtype)], attributes, **tolerance(dtype))


def _padded(drawn: Drawn, opset: int) -> bool:
    return any(drawn.attributes.get("pads", [0])) or "SAME" in drawn.attributes.get("auto_pad", "")


NORM = "Lp pooling consisting of computing the Lp norm on all values of a subset of the input tensor according to the kernel size"


@draws(
    "LpPool",
    opsets=(2, 11, 18, 22, 27),
    faults=[Fault(lambda drawn, opset: any(f(drawn, opset) for f in (sticks_out, by_itself, _padded)), NORM, norm)],
)
def lp_pool(draw: Draw, opset: int) -> Drawn:
    shape, attributes = pooled(draw, opset, dilated_since=18, ceil_since=18)
    if draw(st.booleans()):
        attributes["p"] = draw(st.integers(1, 4))
    dtype = of_floats(draw, opset)
    return Drawn([array(draw, shape, dtype, low=-2, high=2)], attributes, **tolerance(dtype))


def _plain(drawn: Drawn, opset: int) -> bool:
    """No stride and no dilation: the evaluator's other way, which takes pads for 2 axes only, and those in another order."""
    return all(s == d == 1 for _, _, s, d, _, _ in axes_of(drawn)) and (_padded(drawn, opset) or drawn.outputs > 1)


PADS = "pads format should be as follow [x1_begin, x2_begin...x1_end, x2_end,...]"
SAME = "SAME_UPPER or SAME_LOWER mean pad the input so that output_shape[i] = ceil(input_shape[i] / strides[i])"


@draws(
    "MaxPool",
    opsets=(1, 8, 10, 11, 12, 22, 27),
    faults=[
        Fault(_plain, PADS, largest),
        Fault(lambda drawn, opset: "SAME" in drawn.attributes.get("auto_pad", ""), SAME, largest),
    ],
)
def max_pool(draw: Draw, opset: int) -> Drawn:
    shape, attributes = pooled(draw, opset, dilated_since=10, ceil_since=10)
    outputs = draw(st.integers(1, 2)) if opset >= 8 else 1
    if outputs == 2 and draw(st.booleans()):
        attributes["storage_order"] = draw(st.integers(0, 1))
    kinds = ("float32", "float64", "float16", "int8", "uint8") if opset >= 12 else ("float32", "float64", "float16")
    return Drawn([array(draw, shape, draw(st.sampled_from(kinds)), low=-9, high=9)], attributes, outputs)


def _whole(drawn: Drawn, opset: int) -> list[Any]:
    x = drawn.inputs[0]
    with np.errstate(invalid="ignore"):
        return [x.max(axis=tuple(range(2, x.ndim)), keepdims=True)]


def _norm(drawn: Drawn, opset: int) -> list[Any]:
    x, p = drawn.inputs[0], drawn.attributes.get("p", 2)
    powers = np.sum(np.abs(x.astype(np.float64)) ** p, axis=tuple(range(2, x.ndim)), keepdims=True)
    return [(powers ** (1 / p)).astype(x.dtype)]


def globally(draw: Draw, opset: int, least: int = 0, **options: Any) -> np.ndarray[Any, Any]:
    return array(draw, (*sizes(draw, 2, least, 3), *sizes(draw, (1, 3), 1, 4)), of_floats(draw, opset), **options)


WHOLE = "This is equivalent to MaxPool with kernel size equal to the spatial dimension of input tensor."


@draws("GlobalMaxPool", opsets=(1, 22, 27), faults=[Fault(lambda drawn, opset: drawn.inputs[0].ndim != 4, WHOLE, _whole)])
def global_max_pool(draw: Draw, opset: int) -> Drawn:
    return Drawn([globally(draw, opset, special=True)])


@draws("GlobalAveragePool", opsets=(1, 22, 27))
def global_average_pool(draw: Draw, opset: int) -> Drawn:
    x = globally(draw, opset, 1)  # NumPy's average takes no empty one
    return Drawn([x], **tolerance(x.dtype.name))


@draws(
    "GlobalLpPool",
    opsets=(2, 22, 27),
    faults=[Fault(lambda drawn, opset: True, "applies lp pool pooling across the values in the same channel", _norm)],
)
def global_lp_pool(draw: Draw, opset: int) -> Drawn:
    """The evaluator does not have it."""
    x = globally(draw, opset)
    return Drawn([x], {"p": draw(st.integers(1, 4))} if draw(st.booleans()) else {}, **tolerance(x.dtype.name))


@draws("MaxUnpool", opsets=(9, 11, 22, 27))
def max_unpool(draw: Draw, opset: int) -> Drawn:
    """Indices without repeats, since of two elements with one place it is not said which wins."""
    axes = spatial(draw)
    counts, kernel, strides = (draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes)) for _ in range(3))
    attributes: dict[str, Any] = {"kernel_shape": kernel}
    if max(strides) > 1 or draw(st.booleans()):
        attributes["strides"] = strides
    whole = [(n - 1) * s + k for n, s, k in zip(counts, strides, kernel, strict=True)]
    pads = [0] * 2 * axes
    if draw(st.booleans()):
        pads = attributes["pads"] = [draw(st.integers(0, 1)) if n > 2 else 0 for n in whole * 2]
    unpooled = [n - a - b for n, a, b in zip(whole, pads[:axes], pads[axes:], strict=True)]
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 2)), *counts)
    places = int(np.prod((*shape[:2], *unpooled)))
    if int(np.prod(shape)) > places:  # more elements than places
        shape = (*shape[:2], *[1] * axes)
        unpooled = [k - a - b for k, a, b in zip(kernel, pads[:axes], pads[axes:], strict=True)]
        if min(unpooled) < 1:
            del attributes["pads"]
            unpooled = kernel
        places = int(np.prod((*shape[:2], *unpooled)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    inputs = [array(draw, shape, of_floats(draw, opset)), generator.permutation(places)[: int(np.prod(shape))].reshape(shape)]
    if draw(st.booleans()):
        inputs.append(np.array([*shape[:2], *[n + draw(st.integers(0, 2)) for n in unpooled]]))
    return Drawn(inputs, attributes)

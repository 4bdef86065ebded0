"""Sampling at places that a grid names, and such grids."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, sizes

FLOATS = ("float32", "float64", "float16", "bfloat16")


def _beyond_the_border(drawn: Drawn, opset: int) -> bool:
    """Cubic reads four elements, each of which the border stands in for; the evaluator moves the place instead."""
    return drawn.attributes.get("mode") == "cubic" and drawn.attributes.get("padding_mode") == "border"


BORDER = "border: use border values for out-of-bound grid locations … See also in torch.nn.functional.grid_sample"


@draws(
    "GridSample",
    opsets=(16, 20, 22, 27),
    faults=[
        Fault(
            lambda drawn, opset: opset < 20,
            "Three interpolation modes: bilinear (default), nearest and bicubic.",
            judge="onnxruntime",
        ),
        Fault(_beyond_the_border, BORDER, judge="onnxruntime"),
    ],
)
def grid_sample(draw: Draw, opset: int) -> Drawn:
    """Places at random: just between two elements their order is that of rounding. The evaluator's places are float32."""
    mode = draw(st.sampled_from(("nearest", "linear", "cubic")))
    axes = 2 if opset < 20 else draw(st.sampled_from((2, 1, 3))) if mode != "cubic" else draw(st.sampled_from((2, 1)))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 2)), *sizes(draw, axes, 1, 4))
    grid = (shape[0], *sizes(draw, axes, 1, 3), axes)
    attributes: dict[str, Any] = {}
    if mode != "linear" or draw(st.booleans()):
        names = {"linear": "bilinear", "cubic": "bicubic"} if opset < 20 else {}
        attributes["mode"] = names.get(mode, mode)
    if draw(st.booleans()):
        attributes["padding_mode"] = draw(st.sampled_from(("zeros", "border", "reflection")))
    if draw(st.booleans()):
        attributes["align_corners"] = draw(st.integers(0, 1))
    if mode == "cubic" and attributes.get("padding_mode") == "border" and axes != 2:
        del attributes["padding_mode"]  # ONNX Runtime's cubic has two axes
    if attributes.get("padding_mode") == "reflection" and attributes.get("align_corners"):
        shape = (*shape[:2], *[max(size, 2) for size in shape[2:]])  # the evaluator divides by the span between the corners
    whole = ("int32", "uint8", "int64") if mode == "nearest" and opset >= 20 else ()  # between elements, integers are not said
    dtype = draw(st.sampled_from(("float32", *(("float64",) if opset >= 20 and mode != "cubic" else ()), *whole)))
    inputs = [array(draw, shape, dtype, low=-9, high=9), array(draw, grid, "float32", low=-2.5, high=2.5)]
    return Drawn(inputs, attributes, rtol=1e-4, atol=1e-4)


def _defined(drawn: Drawn, opset: int) -> list[Any]:
    """theta times (…, y, x, 1) of evenly spaced places: of length 1, the middle."""
    theta, size = drawn.inputs
    align = drawn.attributes.get("align_corners", 0)
    spaced = [np.linspace(-1, 1, n) if align and n > 1 else (np.arange(n) * 2 + 1) / n - 1 for n in size[2:]]
    places = np.stack([*np.meshgrid(*spaced, indexing="ij")[::-1], np.ones([int(n) for n in size[2:]])], -1)
    return [np.einsum("nij,...j->n...i", theta.astype(np.float64), places).astype(theta.dtype)]


AS_THETA = "grid (T1), as theta (T1): Constrain grid types to float tensors."


SPACED = "Input size is used to define grid of positions evenly spaced in the original 2D or 3D space"


@draws(
    "AffineGrid",
    opsets=(20, 27),
    faults=[
        Fault(lambda drawn, opset: drawn.inputs[0].dtype != np.float32, AS_THETA, _defined),
        Fault(lambda drawn, opset: bool(1 in drawn.inputs[1][2:]), SPACED, _defined),
    ],
)
def affine_grid(draw: Draw, opset: int) -> Drawn:
    axes = draw(st.integers(2, 3))
    size = (draw(st.integers(1, 2)), draw(st.integers(1, 3)), *sizes(draw, axes, 1, 4))
    attributes = {"align_corners": draw(st.integers(0, 1))} if draw(st.booleans()) else {}
    theta = array(draw, (size[0], axes, axes + 1), draw(st.sampled_from(FLOATS)))
    return Drawn([theta, np.array(size)], attributes, **({} if theta.itemsize > 2 else {"rtol": 5e-2, "atol": 1e-1}))

"""Regions and boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import STRATEGIES, Draw, Drawn, Fault, array, draws
from tests.ops.draws.judges import reference


def boxes(draw: Draw, count: int, dtype: str = "float32") -> np.ndarray[Any, Any]:
    """[count, 4], low corners before high ones, within and around an image of 6."""
    corners = array(draw, (count, 2, 2), dtype, low=-1.0, high=7.0)
    return np.sort(corners, axis=1).reshape(count, 4)


def _evaluated(operator: str, opset: int, drawn: Drawn) -> list[Any]:
    feeds = {f"x{i}": x for i, x in enumerate(drawn.inputs) if x is not None}
    return reference(proto(STRATEGIES[operator], opset, drawn), feeds)[0]


def _not_moved(drawn: Drawn, opset: int) -> list[Any]:
    """As the newer version does what the older did."""
    mode = {"coordinate_transformation_mode": "output_half_pixel"}
    return _evaluated("RoiAlign", 16, replace(drawn, attributes=drawn.attributes | mode))


OLDER = "Use the value 'output_half_pixel' to omit the pixel shift for the input (use this for a backward-compatible behavior)."


@draws(
    "RoiAlign",
    opsets=(10, 16, 22, 27),
    faults=[Fault(lambda drawn, opset: opset < 16, OLDER, _not_moved)],
)
def roi_align(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(("float32", "float64")))
    batch, count = draw(st.integers(1, 2)), draw(st.integers(0, 3))
    shape = (batch, draw(st.integers(1, 2)), draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    attributes: dict[str, Any] = {}
    for name, values in (
        ("mode", ("avg", "max")), ("output_height", (1, 2, 3)), ("output_width", (1, 2)), ("sampling_ratio", (0, 1, 2)),
        ("spatial_scale", (1.0, 0.5, 0.25)), ("coordinate_transformation_mode", ("half_pixel", "output_half_pixel")),
    ):  # fmt: skip
        if draw(st.booleans()) and (opset >= 16 or name[:5] != "coord"):
            attributes[name] = draw(st.sampled_from(values))
    inputs = [array(draw, shape, dtype), boxes(draw, count, dtype), array(draw, (count,), "int64", low=0, high=batch - 1)]
    return Drawn(inputs, attributes, rtol=1e-4, atol=1e-4)


@draws("MaxRoiPool", opsets=(1, 22), judge="onnxruntime")
def max_roi_pool(draw: Draw, opset: int) -> Drawn:
    """The evaluator does not have it."""
    batch, count = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    shape = (batch, draw(st.integers(1, 2)), draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    attributes: dict[str, Any] = {"pooled_shape": [draw(st.integers(1, 3)), draw(st.integers(1, 3))]}
    if draw(st.booleans()):
        attributes["spatial_scale"] = draw(st.sampled_from((1.0, 0.5, 0.25)))
    image = array(draw, (count, 1), "int64", low=0, high=batch - 1)
    regions = np.concatenate([image, boxes(draw, count)], 1).astype(np.float32)
    return Drawn([array(draw, shape), regions], attributes)


def _short(drawn: Drawn, opset: int) -> bool:
    given = (*drawn.inputs, None, None, None)[2:5]
    return any(x is None or x.ndim == 0 for x in given[:2]) or (given[2] is not None and given[2].ndim == 0)


def _with_defaults(drawn: Drawn, opset: int) -> list[Any]:
    """The evaluator's result with what is left out written out, as vectors."""
    defaults = (np.zeros(1, np.int64), np.zeros(1, np.float32), None)
    given = (*drawn.inputs, None, None, None)[2:5]
    filled = [d if x is None else x.reshape(1) for x, d in zip(given, defaults, strict=True)]
    whole = Drawn([*drawn.inputs[:2], *filled], drawn.attributes)
    return _evaluated("NonMaxSuppression", opset, whole)


@draws(
    "NonMaxSuppression",
    opsets=(10, 11, 27),
    faults=[Fault(_short, "Default to 0, which means no output. … It is a scalar.", _with_defaults)],
)
def non_max_suppression(draw: Draw, opset: int) -> Drawn:
    batch, classes, count = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(0, 6))
    centred = draw(st.integers(0, 1))
    attributes = {"center_point_box": centred} if centred or draw(st.booleans()) else {}
    places = array(draw, (batch, count, 4), low=0.0, high=1.0)
    if not centred and draw(st.booleans()):
        places = places[..., [0, 1, 0, 1]] + np.float32([0, 0, 1, 1]) * (0.3 + places[..., [2, 3, 2, 3]]).astype(np.float32)
    scores = np.round(array(draw, (batch, classes, count), low=0.0, high=1.0), draw(st.sampled_from((1, 5)))).astype(np.float32)
    shape = draw(st.sampled_from(((), (1,))))
    optional = [
        np.full(shape, draw(st.integers(0, 4)), np.int64),
        np.full(shape, draw(st.sampled_from((0.0, 0.3, 0.5, 1.0))), np.float32),
        np.full(shape, 0.45, np.float32),
    ]
    inputs = [places, scores, *[x if draw(st.integers(0, 3)) else None for x in optional]]
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes)

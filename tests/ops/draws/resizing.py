"""Resize and Upsample."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import STRATEGIES, Draw, Drawn, Fault, array, draws, sizes
from tests.ops.draws.judges import reference

MODES = ("nearest", "linear", "cubic")
COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize")


def kinds(opset: int, mode: str) -> tuple[str, ...]:
    """bfloat16 is left out: the evaluator's result is of another rounding. Text and complex numbers it does not take."""
    whole = ("uint8", "int8", "int32", "int64") if mode == "nearest" else ("uint8", "int8", "int32")
    return ("float32", "float64", "float16", *whole)


def _negative(drawn: Drawn, opset: int) -> bool:
    return any(axis < 0 for axis in drawn.attributes.get("axes", ()))


def _from_the_front(drawn: Drawn, opset: int) -> list[Any]:
    """The evaluator's result for the same axes counted from the front."""
    rank = drawn.inputs[0].ndim
    same = replace(drawn, attributes=drawn.attributes | {"axes": [axis % rank for axis in drawn.attributes["axes"]]})
    feeds = {f"x{i}": x for i, x in enumerate(drawn.inputs) if x is not None}
    return reference(proto(STRATEGIES["Resize"], opset, same), feeds)[0]


def _of_one(drawn: Drawn, opset: int) -> bool:
    """pytorch_half_pixel where the result is of length 1."""
    if drawn.attributes.get("coordinate_transformation_mode") != "pytorch_half_pixel" or opset == 10:
        return False
    x = drawn.inputs[0]
    axes = [axis % x.ndim for axis in drawn.attributes.get("axes", range(x.ndim))]
    scales = drawn.inputs[2]
    if scales is None or not scales.size:
        return bool(1 in drawn.inputs[3]) or drawn.attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch"
    return any(int(x.shape[axis] * scale) <= 1 for axis, scale in zip(axes, scales, strict=True))


NOT_MOVED = "x_original = (x_resized + 0.5) / scale"


OF_ONE = "x_original = length_resized > 1 ? (x_resized + 0.5) / scale - 0.5 : 0"


@draws(
    "Resize",
    opsets=(10, 11, 13, 18, 19, 27),
    faults=[
        Fault(lambda drawn, opset: opset == 10, "Resize-10 has the inputs X and scales", judge="onnxruntime"),
        Fault(
            lambda drawn, opset: drawn.attributes.get("coordinate_transformation_mode") == "tf_half_pixel_for_nn",
            NOT_MOVED,
            judge="onnxruntime",
        ),
        Fault(_of_one, OF_ONE, judge="onnxruntime"),
        Fault(_negative, "Negative value means counting dimensions from the back.", _from_the_front),
    ],
)
def resize(draw: Draw, opset: int) -> Drawn:
    if opset == 10:
        return by_scales(draw, least=0.5)
    mode = draw(st.sampled_from(MODES))
    shape = sizes(draw, (1, 4), 1, 5)
    rank = len(shape)
    attributes: dict[str, Any] = {"mode": mode} if mode != "nearest" or draw(st.booleans()) else {}
    known = (
        COORDINATES
        + (("tf_half_pixel_for_nn",) if opset == 11 and mode == "nearest" else ())
        + (("half_pixel_symmetric",) if opset >= 19 else ())
    )
    coordinates = draw(st.sampled_from((*known, None)))
    if coordinates:
        attributes["coordinate_transformation_mode"] = coordinates
    if mode == "nearest" and draw(st.booleans()):
        attributes["nearest_mode"] = draw(st.sampled_from(("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")))
    if mode == "cubic" and draw(st.booleans()):
        attributes["cubic_coeff_a"] = draw(st.sampled_from((-0.5, -0.75, -1.0)))
    if mode != "nearest" and draw(st.booleans()):  # "nearest" has no weights
        attributes["exclude_outside"] = draw(st.integers(0, 1))
    axes = list(range(rank))
    if opset >= 18:
        if mode != "nearest" and draw(st.booleans()):
            attributes["antialias"] = draw(st.integers(0, 1))
        if draw(st.booleans()):
            axes = draw(st.permutations(axes))[: draw(st.integers(1, rank))]
            attributes["axes"] = [axis - rank if draw(st.integers(0, 3)) == 0 else axis for axis in axes]
    crop = coordinates == "tf_crop_and_resize"
    roi = None
    if crop:
        attributes |= {"extrapolation_value": 2.0} if draw(st.booleans()) else {}
        ends = draw(st.lists(st.integers(-2, 12), min_size=2 * len(axes), max_size=2 * len(axes)))
        roi = np.array(ends, np.float32) / 8
    elif opset == 11:
        roi = np.zeros(0, np.float32)
    inputs: list[Any] = [array(draw, shape, draw(st.sampled_from(kinds(opset, mode))), low=-9, high=9), roi]
    near = 2e-2 if inputs[0].dtype == np.float16 else 1e-4  # the weights, too, have few digits
    if mode != "nearest" and inputs[0].dtype.kind in "iu":
        near = 1.0  # a half may be rounded to either side
    if not crop and draw(st.booleans()):  # eighths: whether a product falls just below a whole number is not said
        inputs.append(np.array(draw(st.lists(st.integers(2, 24), min_size=len(axes), max_size=len(axes))), np.float32) / 8)
        here = np.array([shape[axis] for axis in axes])
        scales = kept(inputs[2], here)
        vanishing = np.floor(inputs[2] * here) < 1
        inputs[2] = scales if coordinates == "pytorch_half_pixel" else np.where(vanishing, scales, inputs[2])
        return Drawn(inputs, attributes, atol=near)
    inputs += [np.zeros(0, np.float32) if opset == 11 else None]
    inputs += [np.array(draw(st.lists(st.integers(1, 8), min_size=len(axes), max_size=len(axes))))]
    if opset >= 18 and draw(st.booleans()):
        attributes["keep_aspect_ratio_policy"] = draw(st.sampled_from(("stretch", "not_larger", "not_smaller")))
        if attributes["keep_aspect_ratio_policy"] != "stretch":  # not so small that an axis would vanish
            inputs[3] = np.maximum(inputs[3], [shape[axis] for axis in axes])
    return Drawn(inputs, attributes, atol=near)


def kept(scales: np.ndarray[Any, Any], shape: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """1 where the size stays, which ONNX Runtime copies whatever the scales, and where nothing would be left."""
    scaled = np.floor(scales * shape)
    return np.where((scaled == shape) | (scaled < 1), np.float32(1), scales)


def by_scales(draw: Draw, least: float) -> Drawn:
    """What ONNX Runtime takes: linear where the two outermost axes of 4 stay, or of 2."""
    mode = draw(st.sampled_from(("nearest", "linear")))
    shape = sizes(draw, (1, 4) if mode == "nearest" else draw(st.sampled_from((2, 4))), 1, 4)
    scales = np.array(draw(st.lists(st.integers(int(least * 8), 24), min_size=len(shape), max_size=len(shape))), np.float32) / 8
    scales = kept(scales, np.array(shape))
    if len(shape) == 4 and mode == "linear":
        scales[:2] = 1
    dtype = draw(st.sampled_from(("float32", "uint8", "int32") if mode == "nearest" else ("float32",)))
    return Drawn(
        [array(draw, shape, dtype, low=-9, high=9), scales], {"mode": mode} if mode == "linear" or draw(st.booleans()) else {}
    )


@draws("Upsample", opsets=(7, 9), judge="onnxruntime")
def upsample(draw: Draw, opset: int) -> Drawn:
    """The evaluator takes whole scales and the newest version only."""
    drawn = by_scales(draw, least=1.0)
    if opset >= 9:
        return drawn
    return Drawn([drawn.inputs[0].astype(np.float32)], drawn.attributes | {"scales": drawn.inputs[1].tolist()})

"""Convolutions whose windows go the other way, or move."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.convolutions import convolved, tolerance
from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws
from tests.ops.draws.geometry import spatial, window


def _grouped(drawn: Drawn, opset: int) -> bool:
    return drawn.attributes.get("group", 1) > 1


def _wanted(drawn: Drawn, opset: int) -> bool:
    return "output_shape" in drawn.attributes


TOTAL = "total_padding[i] = stride[i] * (input_size[i] - 1) + output_padding[i] + ((kernel_shape[i] - 1) * dilations[i] + 1) - output_shape[i]"


@draws(
    "ConvTranspose",
    opsets=(1, 11, 22, 27),
    faults=[
        Fault(_grouped, "number of groups input channels and output channels are divided into", judge="onnxruntime"),
        Fault(
            _wanted,
            TOTAL,
            judge="onnxruntime",
        ),
    ],
)
def conv_transpose(draw: Draw, opset: int) -> Drawn:
    axes = spatial(draw)
    _, kernel, attributes = window(draw, axes)
    strides, dilations = attributes.get("strides", [1] * axes), attributes.get("dilations", [1] * axes)
    sizes = draw(st.lists(st.integers(1, 4), min_size=axes, max_size=axes))
    group = draw(st.sampled_from((1, 1, 2, 3)))
    per_group, per_filter, batch = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    if group > 1 or draw(st.booleans()):
        attributes["group"] = group
    if draw(st.booleans()):
        attributes["kernel_shape"] = kernel
    if "SAME" not in attributes.get("auto_pad", "") and draw(st.booleans()):
        attributes["output_padding"] = [draw(st.integers(0, stride - 1)) for stride in strides]
    extra = attributes.get("output_padding", [0] * axes)
    whole = [(n - 1) * s + (k - 1) * d + 1 + e for n, s, k, d, e in zip(sizes, strides, kernel, dilations, extra, strict=True)]
    pads = attributes.get("pads", [0] * 2 * axes)
    if any(n - a - b < 1 for n, a, b in zip(whole, pads[:axes], pads[axes:], strict=True)):
        del attributes["pads"]
    if "pads" not in attributes and draw(st.integers(0, 3)) == 0:
        attributes["output_shape"] = [draw(st.integers(max(1, n - 3), n)) for n in whole]
    if any(n < size * s for n, size, s in zip(whole, sizes, strides, strict=True)) and "SAME" in attributes.get("auto_pad", ""):
        del attributes["auto_pad"]  # total_padding below zero: how its half is rounded is not said
    plain = group == 1 and "output_shape" not in attributes
    dtype = (
        draw(st.sampled_from(("float32", "float64", "float16", "bfloat16")[: 4 if opset >= 22 else 3])) if plain else "float32"
    )
    shapes = [(batch, group * per_group, *sizes), (group * per_group, per_filter, *kernel), (group * per_filter,)]
    inputs = [array(draw, shape, dtype, low=-1, high=1) for shape in shapes]
    return Drawn(inputs[: draw(st.integers(2, 3))], attributes, **tolerance(dtype))


def _one_wide(drawn: Drawn, opset: int) -> bool:
    return 1 in drawn.inputs[0].shape[2:]


@draws(
    "DeformConv",
    opsets=(19, 22, 27),
    faults=[
        Fault(_one_wide, "Performs deformable convolution as described in https://arxiv.org/abs/1703.06211", judge="onnxruntime")
    ],
)
def deform_conv(draw: Draw, opset: int) -> Drawn:
    x, w, attributes = convolved(draw, 2)
    attributes.pop("auto_pad", None)
    strides, dilations, pads = (
        attributes.get(n, d) for n, d in (("strides", [1] * 2), ("dilations", [1] * 2), ("pads", [0] * 4))
    )
    if pads == [0] * 4:
        x = (*x[:2], *[max(size, (k - 1) * d + 1) for size, k, d in zip(x[2:], w[2:], dilations, strict=True)])
    x = (max(x[0], 1), *x[1:])
    axes = zip(x[2:], w[2:], strides, dilations, pads[:2], pads[2:], strict=True)
    counts = [(n + a + b - (k - 1) * d - 1) // s + 1 for n, k, s, d, a, b in axes]
    offset_group = draw(st.sampled_from([g for g in (1, 2, 3) if x[1] % g == 0]))
    if offset_group > 1 or draw(st.booleans()):
        attributes["offset_group"] = offset_group
    taps = offset_group * int(np.prod(w[2:]))
    dtype = draw(st.sampled_from(("float32", "float64") if 1 not in x[2:] else ("float32",)))
    shapes = [x, w, (x[0], 2 * taps, *counts), w[:1], (x[0], taps, *counts)]
    inputs = [array(draw, shape, dtype, low=-1.5, high=1.5) for shape in shapes]
    for place in (3, 4):
        if draw(st.booleans()):
            inputs[place] = None
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes, rtol=1e-4, atol=1e-4)  # places are float32 in the evaluator

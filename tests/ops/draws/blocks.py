"""Blocks of an image: DepthToSpace, SpaceToDepth, Col2Im."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import NUMBERS, Draw, Drawn, Fault, array, draws, movable, some


@draws("DepthToSpace", "SpaceToDepth", opsets=(1, 11, 13, 27, 28))
def blocks(draw: Draw, opset: int, operator: str) -> Drawn:
    n, c, h, w = (draw(st.integers(0, 3)) for _ in range(4))
    size = draw(st.integers(1, 3))
    shape = [n, c * size**2, h, w] if operator == "DepthToSpace" else [n, c, h * size, w * size]
    if draw(st.integers(0, 29)) == 7:
        shape[draw(st.integers(0, 3))] += 1  # may not divide
    modes = opset >= 11 if operator == "DepthToSpace" else opset >= 28
    mode = {"mode": draw(st.sampled_from(("DCR", "CRD")))} if modes and draw(st.booleans()) else {}
    x = array(draw, shape, draw(st.sampled_from(movable(opset, small=False))), special=True)
    return Drawn([x], {"blocksize": size, **mode})


@draws(
    "Col2Im",
    opsets=(18, 27),
    faults=[
        Fault(
            lambda drawn, opset: 0 in drawn.inputs[0].shape,
            "[N, C * n-ary-product(block_shape), L], where N is batch dimension, C is image channel dimension",
            lambda drawn, opset: [np.zeros((*_channels(drawn), *drawn.inputs[1]), drawn.inputs[0].dtype)],
        )
    ],
)
def col2im(draw: Draw, opset: int) -> Drawn:
    # neither strings nor bools: they are not added up
    rank = draw(st.sampled_from((2, 2, 2, 3)))
    most = 6 if rank == 2 else 4
    block = [draw(st.integers(1, 3 if rank == 2 else 2)) for _ in range(rank)]
    dilations, strides = ([draw(st.integers(1, 2)) for _ in range(rank)] for _ in range(2))
    pads = [draw(st.integers(0, 2)) for _ in range(2 * rank)]
    given = some(draw, dilations=st.just(dilations), strides=st.just(strides), pads=st.just(pads))
    dilations, strides = given.get("dilations", [1] * rank), given.get("strides", [1] * rank)
    around = [sum(given.get("pads", [0] * 2 * rank)[i::rank]) for i in range(rank)]
    least = [max(1, (k - 1) * d + 1 - p) for k, d, p in zip(block, dilations, around, strict=True)]
    image = [draw(st.integers(n, max(n, most))) for n in least]
    counts = [(n + p - (k - 1) * d - 1) // s + 1 for n, p, k, d, s in zip(image, around, block, dilations, strides, strict=True)]
    samples, channels = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    columns = math.prod(counts) + (samples * channels > 0 and draw(st.integers(0, 29)) == 7)  # one too many fits nowhere
    shape = samples, channels * math.prod(block), columns
    x = array(draw, shape, draw(st.sampled_from((*NUMBERS, "complex64", "complex128"))))
    return Drawn([x, np.array(image, np.int64), np.array(block, np.int64)], given)


def _channels(drawn: Drawn) -> tuple[int, int]:
    x, _, block = drawn.inputs
    return x.shape[0], x.shape[1] // int(np.prod(block))

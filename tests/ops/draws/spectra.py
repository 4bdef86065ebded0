"""Spectra, windows of signals, mel bands."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import TensorProto

from tests.ops.draws.convolutions import tolerance
from tests.ops.draws.drawing import Draw, Drawn, array, draws, sizes

WIDE = ("float32", "float64")
"""NumPy's transforms take no narrower floats."""


@draws("DFT", opsets=(17, 20, 27))
def dft(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(WIDE))
    shape = sizes(draw, (2, 4), 1, 5)
    rank = len(shape) + 1
    place = draw(st.integers(0, rank - 2))
    attributes: dict[str, Any] = {name: draw(st.integers(0, 1)) for name in ("inverse", "onesided") if draw(st.booleans())}
    inverse, onesided = attributes.get("inverse"), attributes.get("onesided")
    parts = 2 if inverse and onesided else 1 if onesided else draw(st.integers(1, 2))
    if inverse and onesided:
        shape = (*shape[:place], max(shape[place], 2), *shape[place + 1 :])
    inputs: list[Any] = [array(draw, (*shape, parts), dtype), None]
    if draw(st.booleans()):
        inputs[1] = np.array(draw(st.integers(1, 7)), draw(st.sampled_from(("int32", "int64"))))
    negative = draw(st.booleans())
    if opset < 20:
        if place != 1 or draw(st.booleans()):
            attributes["axis"] = place - rank if negative else place
    elif place != rank - 2 or draw(st.booleans()):
        inputs.append(np.array(place - rank if negative else place))
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes, rtol=1e-4, atol=1e-4)


@draws("STFT", opsets=(17, 27))
def stft(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(WIDE))
    frame, batch = draw(st.integers(1, 6)), draw(st.integers(1, 2))
    length = frame + draw(st.integers(0, 8))
    attributes = {"onesided": draw(st.integers(0, 1))} if draw(st.booleans()) else {}
    parts = draw(st.integers(1, 2)) if attributes.get("onesided", 1) == 0 else 1
    whole = draw(st.sampled_from(("int32", "int64")))
    inputs: list[Any] = [array(draw, (batch, length, parts), dtype), np.array(draw(st.integers(1, 4)), whole), None, None]
    if draw(st.booleans()):
        inputs[2] = array(draw, (frame,), dtype)
    if draw(st.booleans()) or inputs[2] is None:
        inputs[3] = np.array(frame, whole)
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes, rtol=1e-4, atol=1e-4)


FLOATS = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16}
"""In whole numbers, what is a hair below one would be cut to zero, or not."""


@draws("HannWindow", "HammingWindow", "BlackmanWindow", opsets=(17, 27))
def window(draw: Draw, opset: int, operator: str) -> Drawn:
    """One element that is not periodic is 0 / 0 by the formula."""
    attributes = {"periodic": draw(st.integers(0, 1))} if draw(st.booleans()) else {}
    dtype = draw(st.sampled_from(tuple(FLOATS)))
    if dtype != "float32" or draw(st.booleans()):
        attributes["output_datatype"] = FLOATS[dtype]
    size = draw(st.integers(0, 20)) if attributes.get("periodic", 1) else draw(st.integers(2, 20))
    return Drawn(
        [np.array(size, draw(st.sampled_from(("int32", "int64"))))],
        attributes,
        **({} if dtype == "float64" else {"rtol": 1e-3, "atol": 1e-6} if dtype == "float32" else tolerance(dtype)),
    )


@draws("MelWeightMatrix", opsets=(17, 27))
def mel_weight_matrix(draw: Draw, opset: int) -> Drawn:
    whole, dtype = draw(st.sampled_from(("int32", "int64"))), draw(st.sampled_from(WIDE))
    rate = draw(st.sampled_from((8000, 16000, 44100)))
    low = draw(st.sampled_from((0.0, 20.0, 125.5)))
    high = draw(st.sampled_from((0.5, 0.31, 0.17))) * rate
    output = draw(st.sampled_from(tuple(FLOATS)))
    attributes = {"output_datatype": FLOATS[output]} if output != "float32" or draw(st.booleans()) else {}
    numbers = [np.array(n, whole) for n in (draw(st.integers(1, 10)), draw(st.integers(2, 64)), rate)]
    return Drawn([*numbers, np.array(low, dtype), np.array(high, dtype)], attributes)

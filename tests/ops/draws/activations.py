"""Activations with attributes, those left out included."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, allowed, array, draws, sizes, some, versions

SLOPE = st.one_of(st.sampled_from((0.0, 1.0, 0.5)), st.floats(-2.0, 2.0, width=32))
POSITIVE = st.floats(0.125, 3.0, width=32)

ATTRIBUTES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Elu": {"alpha": SLOPE},
    "HardSigmoid": {"alpha": st.one_of(SLOPE, st.just(float(np.float32(1 / 6)))), "beta": SLOPE},
    "IsInf": {"detect_negative": st.integers(0, 1), "detect_positive": st.integers(0, 1)},
    "LeakyRelu": {"alpha": SLOPE},
    "Shrink": {"bias": SLOPE, "lambd": st.one_of(SLOPE, st.just(100.0))},
    "Swish": {"alpha": SLOPE},
    "ThresholdedRelu": {"alpha": SLOPE},
    "Celu": {"alpha": POSITIVE},
}


def near(x: np.ndarray[Any, Any]) -> dict[str, float]:
    """The reference evaluator has defaults such as 0.2, and erf, in float32, where float64 tells them from the true ones."""
    return {"atol": 1e-6} if x.dtype == np.float64 else {}


def one_tensor(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    high = draw(st.sampled_from((1.5, 8.0)))
    x = array(draw, sizes(draw), dtype, low=-high, high=high, special=True)
    return Drawn([x], some(draw, **ATTRIBUTES[operator]), **near(x))


draws(*ATTRIBUTES, opsets=versions)(one_tensor)


@draws("Selu", opsets=versions)
def selu(draw: Draw, opset: int) -> Drawn:
    """Until opset 5 both attributes are given: the defaults had fewer digits, and the reference evaluator takes Selu-6's."""
    x = array(draw, sizes(draw), draw(st.sampled_from(allowed("Selu", opset))), low=-8, high=8, special=True)
    attributes = some(draw, alpha=SLOPE, gamma=POSITIVE)
    return Drawn([x], attributes if opset >= 6 else {"alpha": 1.5, "gamma": draw(POSITIVE)} | attributes)


@draws("Gelu", opsets=versions)
def gelu(draw: Draw, opset: int) -> Drawn:
    """No infinite ones: torch's fused kernels give NaN for them."""
    x = array(draw, sizes(draw), draw(st.sampled_from(allowed("Gelu", opset))), low=-8, high=8)
    return Drawn([x], some(draw, approximate=st.sampled_from(("none", "tanh"))), **near(x))


@draws("SwiGLU", opsets=versions)
def swiglu(draw: Draw, opset: int) -> Drawn:
    dtype, shape = draw(st.sampled_from(allowed("SwiGLU", opset))), sizes(draw)
    return Drawn([array(draw, shape, dtype, special=True) for _ in range(2)], some(draw, alpha=SLOPE))


@draws("PRelu", opsets=versions)
def prelu(draw: Draw, opset: int) -> Drawn:
    """The slope is broadcast to X; until opset 6 it is one number or one per channel. It is finite: X may hold a 0."""
    dtype, shape = draw(st.sampled_from(allowed("PRelu", opset))), sizes(draw, (opset < 7, 4), high=4)
    start = draw(st.integers(0, len(shape)))
    slope = tuple(draw(st.sampled_from((1, n))) for n in shape[start:]) if opset >= 7 else (1,)
    return Drawn([array(draw, shape, dtype, special=True), array(draw, slope, dtype)])

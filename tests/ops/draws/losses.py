"""Losses of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.convolutions import tolerance
from tests.ops.draws.drawing import Draw, Drawn, array, draws, sizes


@draws(
    "NegativeLogLikelihoodLoss",
    "SoftmaxCrossEntropyLoss",
    opsets=lambda name: (12, 13, 22, 27) if name[0] == "N" else (12, 13, 27),
)
def loss(draw: Draw, opset: int, operator: str) -> Drawn:
    """bfloat16 the evaluator widens on its way."""
    dtype = draw(st.sampled_from(("float32", "float64", "float16")))
    batch, classes = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rest = sizes(draw, (0, 3), 1, 3)
    attributes: dict[str, Any] = {}
    if draw(st.booleans()):
        attributes["reduction"] = draw(st.sampled_from(("none", "sum", "mean")))
    target = array(draw, (batch, *rest), draw(st.sampled_from(("int32", "int64"))), low=0, high=classes - 1)
    if draw(st.booleans()):  # a class, or what is none; -1 the evaluator takes for no index in one of the two
        ignored = attributes["ignore_index"] = draw(
            st.sampled_from((0, classes - 1, -100, 255, -1)[: 5 if operator[0] == "S" else 4])
        )
        target = np.where(array(draw, target.shape, "bool"), target, ignored).astype(target.dtype)
    inputs = [array(draw, (batch, classes, *rest), dtype), target]
    if draw(st.booleans()):
        inputs.append(array(draw, (classes,), dtype, low=0, high=2))
    outputs = draw(st.integers(1, 2)) if operator[0] == "S" else 1
    return Drawn(inputs, attributes, outputs, **tolerance(dtype))

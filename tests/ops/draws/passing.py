"""What hands its input on: Identity, and Dropout, which in training draws which elements it drops."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import NUMBERS, Draw, Drawn, Fault, allowed, array, draws, sizes, versions


@draws("Identity", opsets=versions)
def identity(draw: Draw, opset: int) -> Drawn:
    """Tensors of every dtype; from opset 14 on sequences."""
    dtype = draw(st.sampled_from(allowed("Identity", opset)))
    made = [array(draw, sizes(draw), dtype, special=True) for _ in range(draw(st.integers(1, 3)))]
    sequences = opset >= 14 and (dtype in NUMBERS and dtype != "bfloat16")
    return Drawn([made if sequences and draw(st.booleans()) else made[0]])


def trains(drawn: Drawn) -> bool:
    return len(drawn.inputs) > 2 and drawn.inputs[2] is not None and bool(drawn.inputs[2])


def mask_of_the_data(drawn: Drawn, opset: int) -> list[np.ndarray[Any, Any]]:
    x = drawn.inputs[0]
    return [x, np.ones_like(x)][: drawn.outputs]


def dropped(drawn: Drawn, opset: int) -> list[np.ndarray[Any, Any]]:
    """scale · data · mask, in the dtype of the data."""
    x = drawn.inputs[0]
    ratio = 0.5 if drawn.inputs[1] is None else float(drawn.inputs[1])
    kept = np.random.RandomState(drawn.attributes.get("seed", 0)).uniform(0, 1, x.shape) >= ratio
    return [(x.astype(np.float64) * kept / (1 - ratio)).astype(x.dtype), kept][: drawn.outputs]


FAULTS = [
    Fault(lambda drawn, opset: opset < 10, "mask: T. (The reference evaluator: bool.)", mask_of_the_data),
    Fault(
        lambda drawn, opset: trains(drawn),
        "ratio: if not specified it will default to 0.5; output: T. (The reference evaluator: refused; the ratio's dtype.)",
        dropped,
    ),
]


@draws("Dropout", opsets=versions("Dropout", 7), faults=FAULTS)
def dropout(draw: Draw, opset: int) -> Drawn:
    """In training with a seed, from which NumPy draws, as the reference evaluator does; without, only the form is known."""
    x = array(draw, sizes(draw), draw(st.sampled_from(allowed("Dropout", opset))))
    outputs = draw(st.integers(1, 2))
    if opset < 12:
        return Drawn([x], {"ratio": 0.25} if draw(st.booleans()) else {}, outputs)
    number = draw(st.sampled_from(allowed("Dropout", opset, 1)))
    ratio = array(draw, (), number, low=0.1, high=0.8) if draw(st.booleans()) else None
    training = np.array(draw(st.booleans())) if draw(st.booleans()) else None
    inputs = [x, ratio, training]
    while inputs[-1] is None:
        inputs.pop()
    seeded = draw(st.booleans())
    drawn = Drawn(inputs, {"seed": draw(st.integers(0, 99))} if seeded else {}, outputs)
    return Drawn(inputs, drawn.attributes, outputs, only_form=trains(drawn) and not seeded)

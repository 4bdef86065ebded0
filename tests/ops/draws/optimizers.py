"""One step of an optimizer: Adagrad, Adam, Momentum."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, sizes, some

TRAINING = "ai.onnx.preview.training"
SHARE = st.floats(0, 1, width=32)


def _stepped(draw: Draw, states: int, dtype: str, attributes: dict, outputs: int, rate: str = "") -> Drawn:
    """R, T, then of one or several tensors all of them, their gradients, and what is kept of each; no mean of squares is negative."""
    shapes = [sizes(draw, (0, 3), high=3) for _ in range(draw(st.integers(1, 3)))]
    r = array(draw, (), rate or draw(st.sampled_from(("float32", "float64"))), low=0.001, high=1)
    t = np.array(draw(st.integers(0, 20)), np.int64)
    tensors = [array(draw, shape, dtype) for _ in range(2) for shape in shapes]
    kept = [array(draw, shape, dtype, low=0.01, high=3) for _ in range(states) for shape in shapes]
    return Drawn([r, t, *tensors, *kept], attributes, outputs * len(shapes))


def _adam(drawn: Drawn, opset: int) -> list[np.ndarray]:
    given = {"alpha": 0.9, "beta": 0.999, "epsilon": 1e-6, "norm_coefficient": 0.0, "norm_coefficient_post": 0.0}
    given = {name: float(np.float32(value)) for name, value in (given | drawn.attributes).items()}  # as a model holds them
    r, t, *rest = drawn.inputs
    n, (r, t) = len(rest) // 4, (float(r), int(t))
    made = []
    for x, gradient, v, h in zip(*(rest[i * n : (i + 1) * n] for i in range(4)), strict=True):
        g = given["norm_coefficient"] * x + gradient
        v = given["alpha"] * v + (1 - given["alpha"]) * g
        h = given["beta"] * h + (1 - given["beta"]) * g * g
        with np.errstate(all="ignore"):
            rate = r * np.sqrt(1 - given["beta"] ** t) / np.float64(1 - given["alpha"] ** t) if t > 0 else r
        made.append((1 - given["norm_coefficient_post"]) * (x - rate * v / (np.sqrt(h) + given["epsilon"])))
        made += [v, h]
    return [np.asarray(one, rest[0].dtype) for part in range(3) for one in made[part::3]]


@draws("Adagrad", opsets=(1,), domain=TRAINING)
def adagrad(draw: Draw, opset: int) -> Drawn:
    attributes = some(draw, decay_factor=SHARE, epsilon=st.just(1e-3), norm_coefficient=SHARE)
    dtype = draw(st.sampled_from(("float32", "float64")))
    return _stepped(draw, 1, dtype, attributes, 2, rate=dtype)


@draws(
    "Adam",
    opsets=(1,),
    domain=TRAINING,
    faults=[
        Fault(
            lambda drawn, opset: True,  # one tensor becomes float64, several become float32, whatever they were
            "inputs: T3 […] outputs: T3 […] Constrain input and output types to float tensors.",
            _adam,
        )
    ],
)
def adam(draw: Draw, opset: int) -> Drawn:
    share = st.sampled_from((0.0, 0.25, 0.875))  # 1 would divide by 0
    attributes = some(draw, alpha=share, beta=share, epsilon=st.just(1e-3), norm_coefficient=SHARE, norm_coefficient_post=SHARE)
    dtype = draw(st.sampled_from(("float32", "float64")))
    return _stepped(draw, 2, dtype, attributes, 3, rate="" if dtype == "float32" else dtype)


@draws("Momentum", opsets=(1,), domain=TRAINING)
def momentum(draw: Draw, opset: int) -> Drawn:
    # a rate of another dtype is not drawn: the reference gives the wider one
    attributes = {"alpha": draw(SHARE), "beta": draw(SHARE), "norm_coefficient": draw(SHARE), "mode": draw(st.sampled_from(("standard", "nesterov")))}  # fmt: skip
    dtype = draw(st.sampled_from(("float32", "float64")))
    return _stepped(draw, 1, dtype, attributes, 2, rate=dtype)

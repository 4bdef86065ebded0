"""Normalizations: by layer, group, channel, batch and neighbourhood.

The evaluator computes in the dtype of its inputs where the standard computes in float32: half types are given whole numbers
and more room.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, axis, draws, sizes, some, versions
from tests.ops.draws.reductions import summable

ROOM = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 1.5e-1}

EPSILON = st.sampled_from((0.0009765625, 0.25))
"""Of few digits, so that both have the same one; never so small that a row of equals is divided by next to nothing."""


def _near(dtype: str) -> dict[str, Any]:
    return {"rtol": ROOM.get(dtype), "atol": ROOM.get(dtype)}


def _whole(draw: Draw, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Whole numbers, whose squares are exact: functions of the standard take the mean's square from the squares' mean."""
    made = array(draw, shape, dtype)
    return np.rint(made.astype(np.float64)).astype(made.dtype)


def _fitting(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts into this one."""
    return tuple(draw(st.sampled_from((1, n, n))) for n in shape[draw(st.integers(0, len(shape))) :])


@draws("LayerNormalization", opsets=(17, 27))
def layer(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("LayerNormalization", opset)))
    shape = sizes(draw, (1, 4), low=draw(st.sampled_from((0, 1, 1, 1))))
    along = axis(draw, len(shape))
    weights = [array(draw, draw(st.sampled_from((shape[along:], _fitting(draw, shape)))), dtype) for _ in range(2)]
    weights = weights if draw(st.booleans()) else weights[:1]
    given = {"axis": along} if along not in (-1, len(shape) - 1) or draw(st.booleans()) else {}
    # the evaluator gives Mean and InvStdDev the dtype of X, not stash_type's; of rows without elements they are not defined
    outputs = draw(st.integers(1, 3)) if dtype == "float32" and np.prod(shape[along:]) else 1
    return Drawn([summable(draw, shape, dtype), *weights], given | some(draw, epsilon=EPSILON), outputs, **_near(dtype))


@draws("RMSNormalization", opsets=(23, 27))
def rms(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("RMSNormalization", opset)))
    shape = sizes(draw, (1, 4), low=draw(st.sampled_from((0, 1, 1, 1))))
    along = axis(draw, len(shape))
    scale = array(draw, draw(st.sampled_from((shape[along:], _fitting(draw, shape[along:]), _fitting(draw, shape)))), dtype)
    given = {"axis": along} if along not in (-1, len(shape) - 1) or draw(st.booleans()) else {}
    return Drawn([array(draw, shape, dtype), scale], given | some(draw, epsilon=EPSILON), **_near(dtype))


def _by_group(drawn: Drawn, opset: int) -> bool:
    """Where it takes the newest version's scale per channel for 18's per group, or there is no element."""
    X, scale = drawn.inputs[:2]
    return not X.size or scale.size != X.shape[1]


def _group(drawn: Drawn, opset: int) -> list[np.ndarray]:
    X, scale, bias = (x.astype(np.float64) for x in drawn.inputs)
    groups, each = drawn.attributes["num_groups"], X.shape[1] // drawn.attributes["num_groups"]
    rows = X.reshape(X.shape[0], groups, int(np.prod(X.shape[2:])) * each)
    if not X.size:
        return [drawn.inputs[0]]
    made = (rows - rows.mean(2, keepdims=True)) / np.sqrt(rows.var(2, keepdims=True) + drawn.attributes.get("epsilon", 1e-5))
    scale, bias = (w.repeat(X.shape[1] // w.size).reshape(-1, *[1] * (X.ndim - 2)) for w in (scale, bias))
    return [(made.reshape(X.shape) * scale + bias).astype(drawn.inputs[0].dtype)]


BY_GROUP = Fault(_by_group, "`scale` and `bias` should be specified for each group of channels", right=_group)


@draws("GroupNormalization", opsets=(18, 21, 27), faults=[BY_GROUP])
def group(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("GroupNormalization", opset)))
    groups, each = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    shape = (draw(st.integers(0, 3)), groups * each, *sizes(draw, (1, 3), low=draw(st.sampled_from((0, 1, 1, 1))), high=4))
    X = _whole(draw, shape, dtype)
    scale, bias = (array(draw, [groups if opset < 21 else groups * each], dtype) for _ in range(2))
    near = _near("float32" if dtype == "float64" else dtype)  # "if stash_type is 1, the operator casts all … to 32-bit float"
    return Drawn([X, scale, bias], {"num_groups": groups} | some(draw, epsilon=EPSILON), **near)


@draws("InstanceNormalization", opsets=(6, 22, 27))
def instance(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("InstanceNormalization", opset)))
    shape = (*sizes(draw, 2, low=draw(st.sampled_from((0, 1, 1, 1)))), *sizes(draw, (1, 3), low=1, high=4))
    scale, bias = (array(draw, shape[1:2], dtype) for _ in range(2))
    return Drawn([summable(draw, shape, dtype), scale, bias], some(draw, epsilon=EPSILON), **_near(dtype))


@draws("BatchNormalization", opsets=(6, 14, 15, 27))
def batch(draw: Draw, opset: int) -> Drawn:
    """Not at 7 and 9, of which the evaluator knows the training only, nor the training of 6, for which it fails."""
    dtype = draw(st.sampled_from(allowed("BatchNormalization", opset)))
    training = opset >= 14 and draw(st.booleans())
    shape = (*sizes(draw, 2, low=int(training)), *sizes(draw, (0, 3), low=int(training), high=4))
    X = summable(draw, shape, dtype)
    scale, bias, mean, var = (array(draw, shape[1:2], dtype, low=low) for low in (-3, -3, -3, 0.5))
    attributes = some(draw, epsilon=EPSILON, momentum=st.sampled_from((0.0, 0.5, 0.875, 1.0)))
    if opset < 14:
        return Drawn([X, scale, bias, mean, var], attributes | {"is_test": 1}, **_near(dtype))
    attributes |= {"training_mode": 1} if training else {}
    return Drawn([X, scale, bias, mean, var], attributes, outputs=3 if training else 1, **_near(dtype))


@draws("LRN", opsets=versions("LRN"))
def lrn(draw: Draw, opset: int) -> Drawn:
    """As many samples as channels: the evaluator counts the ones for the others; and four axes, as it asks for."""
    dtype = draw(st.sampled_from(allowed("LRN", opset)))
    n = draw(st.integers(0, 4))
    X = array(draw, (n, n, *sizes(draw, 2)), dtype)
    numbers = {"alpha": st.floats(0.125, 2, width=32), "beta": st.floats(0.25, 2, width=32), "bias": st.floats(0.5, 2, width=32)}
    return Drawn([X], {"size": draw(st.integers(1, 6))} | some(draw, **numbers), **_near(dtype))


def _signs(drawn: Drawn, opset: int) -> bool:
    return drawn.attributes.get("p") == 1 and bool((drawn.inputs[0] < 0).any())


def _lp(drawn: Drawn, opset: int) -> list[np.ndarray]:
    x = drawn.inputs[0].astype(np.float64)
    norm = np.abs(x).sum(drawn.attributes.get("axis", -1), keepdims=True)
    return [(x / np.where(norm == 0, 1, norm)).astype(drawn.inputs[0].dtype)]


@draws(
    "LpNormalization",
    opsets=versions("LpNormalization"),
    faults=[Fault(_signs, "output = input / Lp_norm(input, axis)", right=_lp)],
)
def lp(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("LpNormalization", opset)))
    shape = sizes(draw, (1, 4), low=draw(st.sampled_from((0, 1, 1, 1))))
    x = array(draw, shape, dtype)
    if draw(st.booleans()):
        x = np.rint(x.astype(np.float64) / 3).astype(x.dtype)  # rows of zeros
    return Drawn([x], some(draw, axis=st.just(axis(draw, x.ndim)), p=st.integers(1, 2)), **_near(dtype))


def _not_float32(drawn: Drawn, opset: int) -> bool:
    """Where the evaluator's function meets a float32 constant and stops."""
    return drawn.inputs[0].dtype != np.float32


def _standardized(drawn: Drawn, opset: int) -> list[np.ndarray]:
    X, axes = drawn.inputs[0].astype(np.float64), tuple(drawn.attributes.get("axes", (0, 2, 3)))
    off = X - X.mean(axes, keepdims=True)
    deviation = np.sqrt((off * off).mean(axes, keepdims=True))
    return [(off / np.where(deviation == 0, 1, deviation)).astype(drawn.inputs[0].dtype)]


ONE_DTYPE = Fault(_not_float32, "using formula: (X-EX)/sqrt(E(X-EX)^2)", right=_standardized)


@draws("MeanVarianceNormalization", opsets=versions("MeanVarianceNormalization"), faults=[ONE_DTYPE])
def mean_variance(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("MeanVarianceNormalization", opset)))
    X = _whole(draw, sizes(draw, 4, low=1, high=3), dtype)
    axes = st.lists(st.integers(0, 3), min_size=1, unique=True)
    return Drawn([X], some(draw, axes=axes), **_near(dtype))

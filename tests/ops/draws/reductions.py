"""The ten reductions, ArgMax and ArgMin."""

from __future__ import annotations

from functools import partial

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import FLOATS, Draw, Drawn, Fault, allowed, array, axis, draws, sizes, some, versions

ROUNDED = ("float16", "bfloat16")
"""Whose sums depend on the order of adding: they are given whole numbers, so that every order gives the same."""

LOWEST = {"ReduceLogSum": 0.25, "ReduceProd": 0.5}
"""A sum near 0 has a logarithm as good as random; a product of many is outside every dtype."""


def summable(draw: Draw, shape: tuple[int, ...], dtype: str, **between: float) -> np.ndarray:
    """Numbers whose sum is exact in each order."""
    made = array(draw, shape, dtype, **between)
    return np.rint(made.astype(np.float64)).astype(made.dtype) if dtype in ROUNDED else made


def _axes(draw: Draw, rank: int, opset: int) -> list[int]:
    """Different axes in any order; negative ones since opset 11."""
    chosen = draw(st.lists(st.integers(0, rank - 1), unique=True, max_size=rank)) if rank else []
    return [a - rank if opset >= 11 and draw(st.booleans()) else a for a in chosen]


def _data(draw: Draw, operator: str, dtype: str) -> np.ndarray:
    whole = operator == "ReduceMean" and "int" in dtype  # "Reduction over an empty set of values yields undefined"
    shape = sizes(draw, low=int(whole), high=3 if dtype in ROUNDED else 4)
    if operator in ("ReduceMax", "ReduceMin"):
        return array(draw, shape, dtype, special=True)
    if operator in LOWEST:
        return array(draw, shape, dtype, low=1 if "int" in dtype else LOWEST[operator], high=2)
    made = summable(draw, shape, dtype)
    return _infinite(draw, made) if dtype in ("float32", "float64") else made


def _infinite(draw: Draw, x: np.ndarray) -> np.ndarray:
    """Sometimes with ±∞ or NaN at a place."""
    if x.size and draw(st.integers(0, 3)) == 0:
        x.reshape(-1)[draw(st.integers(0, x.size - 1))] = draw(st.sampled_from((np.inf, -np.inf, np.nan)))
    return x


REDUCTIONS = ("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare")  # fmt: skip


FLOATS_BY_OPSET = (("float32", "float64", "float16"), FLOATS)
"""Logarithms are not drawn of integers: "which are only defined for float types", says the evaluator, and opset 28."""


def _over(drawn: Drawn, opset: int) -> tuple[np.ndarray, tuple[int, ...], bool]:
    """The data, the axes meant (of which 0 is a new one in front where none is), and whether they stay."""
    data, axes = drawn.inputs[0], drawn.attributes.get("axes")
    if len(drawn.inputs) > 1 and drawn.inputs[1] is not None:
        axes = drawn.inputs[1].tolist()
    if not axes and drawn.attributes.get("noop_with_empty_axes"):
        return data[None], (0,), False
    return data, tuple(axes or range(data.ndim)), bool(drawn.attributes.get("keepdims", 1))


def _only_infinite(drawn: Drawn, opset: int) -> bool:
    """Where it takes ∞ from ∞; and where all that is left is one element, for which it fails."""
    data, axes, keep = _over(drawn, opset)
    return data.ndim == 0 or (len(axes) == data.ndim and not keep) or (data.size > 0 and bool(np.isinf(data).all(axes).any()))


def _log_sum_exp(drawn: Drawn, opset: int) -> list[np.ndarray]:
    data, axes, keep = _over(drawn, opset)
    with np.errstate(all="ignore"):
        return [np.asarray(np.log(np.sum(np.exp(data.astype(np.float64)), axes, keepdims=keep))).astype(data.dtype)]


def _widened(drawn: Drawn, opset: int) -> bool:
    return drawn.inputs[0].dtype.kind in "iu"


def _squares(drawn: Drawn, opset: int) -> list[np.ndarray]:
    data, axes, keep = _over(drawn, opset)
    return [np.asarray(np.sum(data * data, axes, keepdims=keep, dtype=data.dtype))]


FAULTS = {
    "ReduceLogSumExp": [
        Fault(_only_infinite, "Computes the log sum exponent of the input tensor's elements", right=_log_sum_exp)
    ],
    "ReduceSumSquare": [Fault(_widened, "reduced: T", right=_squares)],
}


def reduction(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(FLOATS_BY_OPSET[opset >= 13] if "Log" in operator else allowed(operator, opset)))
    data = _data(draw, operator, dtype)
    chosen = _axes(draw, data.ndim, opset)
    attributes = some(draw, keepdims=st.integers(0, 1))
    if opset < (13 if operator == "ReduceSum" else 18):
        given = {"axes": chosen} if chosen else {}
        return Drawn([data], attributes | given)
    axes = np.array(chosen, np.int64) if chosen or draw(st.booleans()) else None
    return Drawn([data, axes], attributes | some(draw, noop_with_empty_axes=st.integers(0, 1)))


for _name in REDUCTIONS:
    draws(_name, opsets=versions, faults=FAULTS.get(_name, ()))(partial(reduction, operator=_name))


@draws("ArgMax", "ArgMin", opsets=versions)
def arg(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    data = array(
        draw, sizes(draw, (1, 4), low=draw(st.sampled_from((0, 1, 1, 1, 1)))), dtype
    )  # no NaN: the standard orders numbers only
    place = axis(draw, data.ndim) if opset >= 11 else draw(st.integers(0, data.ndim - 1))
    last = {"select_last_index": st.integers(0, 1)} if opset >= 12 else {}
    return Drawn([data], some(draw, axis=st.just(place), keepdims=st.integers(0, 1), **last))

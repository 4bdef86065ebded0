"""TopK and Unique: what is ordered."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, axis, draws, sizes, some, versions


@draws("TopK", opsets=versions("TopK"))
def topk(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("TopK", opset)))
    # no NaN: the standard orders numbers only; many equals, which the lower index decides
    X = array(draw, sizes(draw, (1, 3), high=9), dtype, high=draw(st.sampled_from((0, 3, 100))))
    along = axis(draw, X.ndim) if opset >= 11 else draw(st.integers(0, X.ndim - 1))
    k = draw(st.integers(0, X.shape[along]))
    attributes = {"axis": along} if along != X.ndim - 1 or draw(st.booleans()) else {}
    if opset < 10:
        return Drawn([X], attributes | {"k": k}, outputs=2)
    if opset >= 11:
        attributes |= some(draw, largest=st.integers(0, 1), sorted=st.just(1))  # 0: in any order
    return Drawn([X, np.array([k], np.int64)], attributes, outputs=2)


def _unsorted(drawn: Drawn, opset: int) -> bool:
    """Where the evaluator gives what is sorted all the same, or takes its indices for those of axis 0."""
    X, along = drawn.inputs[0], drawn.attributes.get("axis")
    many = X.ndim != 1 if along is None else along % X.ndim != 0
    return drawn.attributes.get("sorted") == 0 and (drawn.outputs == 1 or many)


def _in_order(drawn: Drawn, opset: int) -> list[np.ndarray]:
    """The outputs for sorted=0."""
    X, along = drawn.inputs[0], drawn.attributes.get("axis")
    X, along = (X.reshape(-1), 0) if along is None else (X, along)
    _, first, inverse, counts = np.unique(X, return_index=True, return_inverse=True, return_counts=True, axis=along)
    order = np.argsort(first)
    place = np.argsort(order)[inverse.reshape(-1)]
    found = [np.take(X, first[order], along), first[order], place, counts[order]]
    return [found[0], *(x.astype(np.int64) for x in found[1:])][: drawn.outputs]


UNSORTED = Fault(_unsorted, "Outputs are either sorted in ascending order or optionally in the order of the first occurrence of the values in the input.", right=_in_order)  # fmt: skip


@draws("Unique", opsets=versions("Unique"), faults=[UNSORTED])
def unique(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("Unique", opset)))
    X = array(draw, sizes(draw, high=4), dtype, high=draw(st.sampled_from((0, 3))))  # no NaN: equal to none, not even itself
    # NumPy knows no slices of texts
    attributes = some(draw, axis=st.just(axis(draw, X.ndim))) if X.ndim and dtype != "string" else {}
    return Drawn([X], attributes | some(draw, sorted=st.integers(0, 1)), outputs=draw(st.integers(1, 4)))

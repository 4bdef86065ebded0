"""Softmax, LogSoftmax and Hardmax."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, axis, draws, sizes, some, versions


def _coerced(drawn: Drawn, opset: int) -> bool:
    """Where the default is another axis, or axes behind it have a say: the evaluator knows the newest version only."""
    x, along = drawn.inputs[0], drawn.attributes.get("axis")
    return opset < 13 and x.size > 0 and (along is None or any(n != 1 for n in x.shape[along % x.ndim + 1 :]))


def _right(operator: str) -> Callable[[Drawn, int], list[np.ndarray]]:
    def right(drawn: Drawn, opset: int) -> list[np.ndarray]:
        x, along = drawn.inputs[0], drawn.attributes.get("axis", 1)
        rows = x.astype(np.float64).reshape(int(np.prod(x.shape[: along % x.ndim] if along < x.ndim else x.shape)), -1)
        with np.errstate(all="ignore"):
            power = np.exp(rows - rows.max(1, keepdims=True))
            share = power / power.sum(1, keepdims=True)
            hard = np.arange(rows.shape[1]) == rows.argmax(1)[:, None]
            made = {"Softmax": share, "LogSoftmax": np.log(share), "Hardmax": hard}[operator]
        return [made.reshape(x.shape).astype(x.dtype)]

    return right


SAYS = "then input will be coerced into a 2-dimensional tensor with dimensions [a_0 * ... * a_{k-1}, a_k * ... * a_{n-1}]"


def softmax(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    new = opset >= 13
    shape = sizes(draw, (1 if new else 2, 4))
    # the evaluator takes the logarithm of a Softmax: what is far below the largest is rounded to 0 there
    special = operator == "Softmax" and dtype in ("float32", "float64")
    x = array(draw, shape, dtype, special=special)
    along = axis(draw, x.ndim) if opset >= 11 else draw(st.integers(0, x.ndim - 1))
    return Drawn([x], some(draw, axis=st.just(along)))


for _name in ("Softmax", "LogSoftmax", "Hardmax"):
    draws(_name, opsets=versions, faults=[Fault(_coerced, SAYS, right=_right(_name))])(partial(softmax, operator=_name))

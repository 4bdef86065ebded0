"""Which numbers entered one element of a layer's output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.compare.hunt.turns import Read, Turn, value_of
from laminae.trace.record import Record

ELEMENTWISE = frozenset(
    {"activation", "arithmetic", "trigonometry", "comparison", "cast", "logic", "dropout", "identity", "selection", "bitwise"}
)
SOFTMAXES = frozenset({"softmax", "_softmax", "log_softmax", "logsoftmax", "_log_softmax"})
MOST = 6
"""Numbers that are told of one input."""


@dataclass(frozen=True)
class Entered:
    """Of one input. numbers: those that entered the element, the first few, the odd or largest first; count: how many did.

    how: "element", "row" (along the axis that the layer sums or normalizes over) or "all" (which ones is not known).
    """

    name: str
    numbers: tuple[float, ...]
    count: int
    how: str
    low: float
    high: float


def entered(turn: Turn, record: Record, index: tuple[int, ...]) -> tuple[Entered, ...]:
    """Of each input of the turn that is a tensor of numbers. index: of the element, in the first output."""
    found = [(read, value) for read in turn.reads if read is not None and is_tensor(value := _value(record, read))]
    shape = turn.output.shape if turn.output is not None else ()
    picked = _picked(turn, [value for _, value in found], shape, index)
    return tuple(_told(read.name, *part) for (read, _), part in zip(found, picked, strict=True) if part[0].numel())


def _value(record: Record, read: Read) -> Any:
    value = value_of(record, read)
    return None if is_tensor(value) and (value.is_complex() or value.dtype == torch.bool) else value


def _picked(turn: Turn, values: Sequence[Any], shape: tuple[int, ...], index: tuple[int, ...]) -> list[tuple[Any, str]]:
    if values and (turn.operator in SOFTMAXES or turn.kind == "normalization"):
        first, *rest = values
        row = (_row(turn, first, index), "row") if first.ndim == len(index) else _one(first, shape, index)
        return [row, *((value, "all") for value in rest)]
    if turn.kind in ELEMENTWISE:
        return [_one(value, shape, index) for value in values]
    if turn.kind == "linear" and len(values) >= 2 and index:
        made = _product(turn, values, index)
        if made is not None:
            return made
    return [(value, "all") for value in values]


def _one(value: Any, shape: tuple[int, ...], index: tuple[int, ...]) -> tuple[Any, str]:
    """The element that stands there when the input is broadcast to the output's shape."""
    try:
        return torch.broadcast_to(value, shape)[index], "element"
    except RuntimeError:
        return value, "all"


def _row(turn: Turn, value: Any, index: tuple[int, ...]) -> Any:
    """Along the axis that a softmax or a normalization goes over."""
    attributes = turn.layer.attributes
    if turn.kind == "normalization":
        channel = turn.operator in ("batch_norm", "batchnormalization", "instancenormalization", "instance_norm")
        return value[index] if channel else value[index[:-1]]
    axis = int(attributes.get("axis", attributes.get("dim", -1))) % max(value.ndim, 1)
    return value[(*index[:axis], slice(None), *index[axis + 1 :])]


def _product(turn: Turn, values: Sequence[Any], index: tuple[int, ...]) -> list[tuple[Any, str]] | None:
    """The row of the first matrix and the column of the second whose product it is."""
    places = {"addmm": 1, "baddbmm": 1}
    first = places.get(turn.operator, 0)
    if len(values) < first + 2:
        return None
    a, b = values[first], values[first + 1]
    a = a.mT if a.ndim > 1 and turn.layer.attributes.get("transA") else a
    turned = turn.operator == "linear" or turn.layer.attributes.get("transB")
    b = b.mT if b.ndim > 1 and turned else b
    if turn.operator not in ("linear", "matmul", "mm", "bmm", "gemm", "addmm", "baddbmm") or a.ndim < 2 or b.ndim < 2:
        return None
    batch = index[:-2]
    try:
        made: list[tuple[Any, str]] = [(value, "all") for value in values]
        made[first] = (_inside(a, batch)[index[-2]], "row")
        made[first + 1] = (_inside(b, batch)[..., index[-1]], "row")
    except (IndexError, ValueError):
        return None
    return made


def _inside(value: Any, batch: tuple[int, ...]) -> Any:
    """The matrix of that place in the batch; sizes of one serve every place."""
    own = value.shape[:-2]
    place = tuple(0 if size == 1 else i for size, i in zip(own, batch[len(batch) - len(own) :], strict=True))
    return value[place]


def _told(name: str, value: Any, how: str) -> Entered:
    flat = value.detach().reshape(-1).double()
    odd = flat[~torch.isfinite(flat)]
    order = flat[torch.isfinite(flat)]
    largest = order[order.abs().argsort(descending=True)[:MOST]]
    shown = flat if flat.numel() <= MOST else torch.cat([odd[:2], largest])[:MOST]
    low, high = (float(end) for end in (order.min(), order.max())) if order.numel() else (float("nan"),) * 2
    return Entered(name, tuple(shown.tolist()), flat.numel(), how, low, high)

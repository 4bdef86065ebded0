"""Cost rules that many operators share. A rule is called as the operator's shape rule is, and gives its multiply-adds.

What counts as one: a multiplication with the addition that follows it, or any other operation on one element, be it an
addition, a comparison or a sine. Products of matrices, convolutions, attention and recurrent layers count the multiply-adds of
their products alone, as papers do. Work once per row or channel is left out beside that on its elements, moving is free.

A rule may ask for `outputs`, the specs of what the layer makes, `n_outputs` and `context`, by naming them. The bytes are those
of all inputs and outputs, unless the rule gives a `Cost`, which says both.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from laminae.base.cost import NOTHING, Cost
from laminae.base.dtypes import nbytes
from laminae.base.shapes import Spec, Unknown, known

Rule = Callable[..., int | Cost]


def cost_of(
    rule: Rule | None,
    inputs: Sequence[Spec | None],
    attributes: Mapping[str, Any],
    ours: Mapping[str, Any],
    outputs: Sequence[Spec | None],
) -> Cost:
    """What the rule says, with the bytes; `ours`: what a rule may ask for beside the attributes."""
    moves = traffic(*inputs, *outputs)
    if rule is None:
        return Cost(None, moves)
    asked = {name: value for name, value in ours.items() if name in _names(rule)}
    try:
        found = rule(*inputs, **attributes, **asked)
    except Unknown:
        return Cost() if "context" in asked else Cost(None, moves)
    return found if isinstance(found, Cost) else Cost(found, moves)


@cache
def _names(rule: Rule) -> frozenset[str]:
    return frozenset(inspect.signature(rule).parameters)


def traffic(*values: Spec | None) -> int | None:
    """The bytes of all these values, elements smaller than a byte packed; None where a size is not known, and for texts."""
    try:
        return sum(_bytes(value) for value in values if value is not None)
    except Unknown:
        return None


def _bytes(value: Spec) -> int:
    if value.dtype is None or value.dtype == "string":
        raise Unknown
    return nbytes(value.dtype, value.size)


def view(*inputs: Spec | None, **attributes: Any) -> Cost:
    """Memory that is only looked at in another way: no arithmetic, and no byte is moved."""
    return NOTHING


def free(*inputs: Spec | None, **attributes: Any) -> int:
    """Data that is moved, picked, joined or brought into another dtype: no arithmetic."""
    return 0


def picked(data: Spec, *inputs: Spec | None, outputs: Sequence[Spec], **attributes: Any) -> Cost:
    """Elements looked up in the first input: no arithmetic, and no more of it is read than is made."""
    return Cost(0, traffic(*inputs, *outputs, *outputs))


def written(each: int) -> Rule:
    """So many operations for each element made, from the sizes of what comes in alone."""

    def rule(*inputs: Spec | None, outputs: Sequence[Spec], **attributes: Any) -> Cost:
        return Cost(each * outputs[0].size, traffic(*outputs))

    return rule


def each_output(operations: int) -> Rule:
    """So many operations for each element of the first output."""

    def rule(*inputs: Spec | None, outputs: Sequence[Spec], **attributes: Any) -> int:
        return operations * outputs[0].size

    return rule


def each_input(operations: int) -> Rule:
    """So many operations for each element of the first input."""

    def rule(x: Spec, *others: Spec | None, **attributes: Any) -> int:
        return operations * x.size

    return rule


per_output = each_output(1)
"""One operation for each element made: functions of one element, or of one from each side."""

per_input = each_input(1)
"""One operation for each element read: reductions."""

softmax_like = each_output(5)
"""Largest element, difference, exponential, sum, quotient."""

normalizing = each_output(5)
"""Mean, difference, mean square, quotient, scale and shift."""

normalizing_by_root = each_output(3)
"""Mean square, quotient, scale."""


def folded(*inputs: Spec, outputs: Sequence[Spec], **attributes: Any) -> int:
    """One operation between each input and the next, for each element made."""
    return max(0, len(inputs) - 1) * outputs[0].size


def pooling(X: Spec, *others: Spec | None, kernel_shape: Sequence[int], outputs: Sequence[Spec], **attributes: Any) -> int:
    """One operation for each element of each window."""
    return outputs[0].size * math.prod(kernel_shape)


def sorting(x: Spec, *others: Spec | None, axis: int | None = -1, **attributes: Any) -> int:
    """n · log2 n comparisons along `axis`, or over all elements where it is None."""
    n = x.size if axis is None else known(x.shape)[axis]
    return x.size * max(1, n - 1).bit_length()


def combing(x: Spec, *others: Spec | None, reduction: str = "none", **attributes: Any) -> int:
    """One operation for each update where it is added (or the like), none where it is put."""
    updates = others[-1]
    return 0 if reduction == "none" or updates is None else updates.size


def untold(*inputs: Spec | None, **attributes: Any) -> int:
    """Sizes do not tell: it hangs on the contents."""
    raise Unknown

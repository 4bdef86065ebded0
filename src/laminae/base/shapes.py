"""Shapes before any run: sizes that are numbers, names (`batch`) or not known, and what is known of a value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Dim = int | str | None
"""One size: a number, a name (two sizes of one name are equal), or None where nothing is known."""

Shape = tuple[Dim, ...]


class Unknown(Exception):
    """Raised inside a shape rule that asks for what is not known; the walk then leaves its outputs open."""


@dataclass(frozen=True)
class Spec:
    """What is known of a value before it is computed.

    dtype: its name ("float32"), or None. dims: its sizes, or None where even the rank is not known.
    value: its content where that is known and small (shape arithmetic); object arrays may hold names and None.
    """

    dtype: str | None = None
    dims: Shape | None = None
    value: np.ndarray[Any, Any] | None = None

    @property
    def shape(self) -> Shape:
        """The sizes; raises `Unknown` where the rank is not known."""
        if self.dims is None:
            raise Unknown
        return self.dims

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements; raises `Unknown` unless every size is a number."""
        return math.prod(known(self.shape))

    @property
    def content(self) -> np.ndarray[Any, Any]:
        """The value; raises `Unknown` where it is not known."""
        if self.value is None:
            raise Unknown
        return self.value


def known(dims: Iterable[Dim]) -> tuple[int, ...]:
    """The sizes as numbers; raises `Unknown` when one is not."""
    numbers = tuple(dims)
    if not all(isinstance(dim, int) for dim in numbers):
        raise Unknown
    return numbers  # type: ignore[return-value]


def product(dims: Iterable[Dim]) -> Dim:
    """The product of sizes: a number, the one name times ones, or None."""
    number, names = 1, []
    for dim in dims:
        if isinstance(dim, int):
            number *= dim
        else:
            names.append(dim)
    if not names or number == 0:
        return number
    return names[0] if len(names) == 1 and number == 1 else None


def same_dim(a: Dim, b: Dim) -> bool:
    """Whether two sizes may be equal: only two different numbers may not."""
    return not (isinstance(a, int) and isinstance(b, int)) or a == b


def same_shape(a: Shape | None, b: Shape | None) -> bool:
    """Whether two shapes may be equal."""
    return a is None or b is None or (len(a) == len(b) and all(map(same_dim, a, b)))


def format_shape(shape: Sequence[Dim] | None) -> str:
    """`[batch, 3, ?]`; `[…]` where the rank is not known."""
    if shape is None:
        return "[…]"
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in shape) + "]"

"""Layers that make one value of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from laminae.base.errors import DTypeError
from laminae.graph import Value
from laminae.layers.arguments import is_whole, refusal
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place


@dataclass(frozen=True, eq=False, repr=False)
class Concat(BuilderLayer[Placed]):
    """Values one behind the other along `axis`: [batch, a, …], [batch, b, …] → [batch, a + b, …].

    Raises ShapeError where another size differs or there is no such axis, DTypeError where dtypes differ.
    """

    takes: ClassVar[tuple[int, int | None]] = (1, None)
    axis: int = 1

    def __post_init__(self) -> None:
        if not is_whole(self.axis):
            raise refusal(self, "axis", "a whole number", self.axis)

    def place(self, at: Place, *xs: Value) -> Value:
        _require_one_dtype(at, xs)
        return at.put("Concat", *xs, axis=at.axis(self.axis, *xs))


@dataclass(frozen=True, eq=False, repr=False)
class Add(BuilderLayer[Placed]):
    """The sum of two or more values, element by element; sizes of 1 are stretched. Of more than two, a group.

    Raises ShapeError where sizes do not meet, DTypeError where dtypes differ.
    """

    takes: ClassVar[tuple[int, int | None]] = (2, None)

    def place(self, at: Place, *xs: Value) -> Value:
        return _fold(at, "Add", xs)


@dataclass(frozen=True, eq=False, repr=False)
class Multiply(BuilderLayer[Placed]):
    """The product of two or more values, element by element; sizes of 1 are stretched. Of more than two, a group.

    Raises ShapeError where sizes do not meet, DTypeError where dtypes differ.
    """

    takes: ClassVar[tuple[int, int | None]] = (2, None)

    def place(self, at: Place, *xs: Value) -> Value:
        return _fold(at, "Mul", xs)


def _fold(at: Place, operator: str, xs: tuple[Value, ...]) -> Value:
    _require_one_dtype(at, xs)
    found = xs[0]
    for x in xs[1:]:
        found = at.put(operator, found, x)
    return found


def _require_one_dtype(at: Place, xs: tuple[Value, ...]) -> None:
    dtypes = dict.fromkeys(dtype for dtype in (at.site.spec(x).dtype for x in xs) if dtype)
    if len(dtypes) > 1:
        details = {"expected": "values of one dtype", "found": " and ".join(dtypes)}
        raise at.error(DTypeError, "cannot take its inputs", details, *xs)

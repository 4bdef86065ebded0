"""Numbers moved and scaled by numbers that do not learn: data brought to a common size, and an output back to its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from laminae.base.errors import ShapeError
from laminae.graph import Parameter, Value
from laminae.layers.arguments import is_whole, refusal
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place

Numbers = float | Sequence[float]
"""One number for all, or one for each feature or channel."""


@dataclass(frozen=True, eq=False, repr=False)
class Normalise(BuilderLayer[Placed]):
    """(x − shift) / scale, of any shape: a group of Sub and Div.

    shift, scale: a number for all, or one for each place along `axis` of x [batch, …]. They are the constants `name.shift` and
    `name.scale`, which never learn. Raises UsageError for a scale of 0 or what is no number; ShapeError, DTypeError where x does
    not fit.
    """

    shift: Numbers
    scale: Numbers
    axis: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        _require_numbers(self, self.shift, self.scale, self.axis)

    def place(self, at: Place, x: Value) -> Value:
        shift, scale = _constants(at, x, self.shift, self.scale, self.axis)
        return at.put("Div", at.put("Sub", x, shift), scale)


@dataclass(frozen=True, eq=False, repr=False)
class Denormalise(BuilderLayer[Placed]):
    """x · scale + shift: what Normalise of the same numbers undoes. A group of Mul and Add.

    shift, scale, axis, and what is raised: as for Normalise.
    """

    shift: Numbers
    scale: Numbers
    axis: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        _require_numbers(self, self.shift, self.scale, self.axis)

    def place(self, at: Place, x: Value) -> Value:
        shift, scale = _constants(at, x, self.shift, self.scale, self.axis)
        return at.put("Add", at.put("Mul", x, scale), shift)


def _require_numbers(layer: Any, shift: Any, scale: Any, axis: Any) -> None:
    if not is_whole(axis):
        raise refusal(layer, "axis", "a whole number", axis)
    for what, given in (("shift", shift), ("scale", scale)):
        try:
            array = np.asarray(given, np.float64)
        except (TypeError, ValueError):
            array = np.array([[np.nan]])
        if array.ndim > 1 or not array.size or not np.isfinite(array).all():
            raise refusal(layer, what, "a number, or one for each feature", given)
        if what == "scale" and not array.all():
            raise refusal(layer, what, "numbers other than 0", given)


def _constants(at: Place, x: Value, shift: Any, scale: Any, axis: int) -> tuple[Parameter, Parameter]:
    """Both as arrays that go with x. Raises ShapeError where x has another number of features."""
    dtype, rank = at.floats(x), len(at.shape(x, 1, meaning="[batch, …]"))
    made = {}
    for what, given in (("shift", shift), ("scale", scale)):
        array, form = np.asarray(given, np.float64).reshape(-1), [1] * rank
        if array.size > 1:
            form[at.axis(axis, x)] = array.size
            size = at.shape(x)[axis]
            if isinstance(size, int) and size != array.size:
                details = {"expected": f"{array.size} along axis {axis}, a {what} for each", "found": size}
                raise at.error(ShapeError, "cannot take its input", details, x)
        made[what] = at.constant(what, array.reshape(form), dtype)
    return made["shift"], made["scale"]

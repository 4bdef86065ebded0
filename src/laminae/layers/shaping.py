"""Layers that give the same elements another shape, or drop some of them while training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from laminae.base.errors import ShapeError
from laminae.base.shapes import format_shape
from laminae.graph import Value
from laminae.layers.arguments import Sizes, is_whole, numbers, refusal, require_number
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place


@dataclass(frozen=True, eq=False, repr=False)
class Flatten(BuilderLayer[Placed]):
    """All sizes behind the batch as one: [batch, *sizes] → [batch, ∏sizes].

    Raises ShapeError where nothing is known of the shape of x.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.shape(x, 1, meaning="[batch, *sizes]")
        return at.put("Flatten", x, axis=1)


@dataclass(frozen=True, eq=False, repr=False)
class Reshape(BuilderLayer[Placed]):
    """The same elements in another shape: [batch, *sizes] → [batch, *shape].

    shape: the sizes behind the batch; one of them may be -1, what the others leave.
    Raises UsageError for a shape that is none, ShapeError where the elements of a sample do not fit it.
    """

    shape: Sizes

    def __post_init__(self) -> None:
        sizes = list(self.shape) if isinstance(self.shape, Sequence) else [self.shape]
        if not all(is_whole(n) and (n > 0 or n == -1) for n in sizes) or sizes.count(-1) > 1:
            raise refusal(self, "shape", "sizes of 1 or more behind the batch, at most one of them -1", self.shape)

    def place(self, at: Place, x: Value) -> Value:
        sizes = at.shape(x, 1, meaning="[batch, *sizes]")[1:]
        shape = numbers(self.shape)
        fixed = math.prod(n for n in shape if n > 0)
        if all(isinstance(dim, int) for dim in sizes):
            elements = math.prod(sizes)  # type: ignore[arg-type]
            if elements % fixed if -1 in shape else elements != fixed:
                details = {"expected": f"{fixed} elements in a sample" + (", or a multiple" * (-1 in shape))}
                details["found"] = f"{elements}: {format_shape(sizes)}"
                raise at.error(ShapeError, f"cannot give its input the shape {format_shape(['batch', *shape])}", details, x)
        return at.put("Reshape", x, at.constant("shape", [0, *shape]))


@dataclass(frozen=True, eq=False, repr=False)
class Dropout(BuilderLayer[Placed]):
    """While training each element is 0 with probability p, else x / (1 - p); in inference x itself. Srivastava et al. 2014.

    p: from 0 to less than 1; what is not 0.5 (the operator's default) is the constant `name.ratio`.
    x: of any shape. Raises UsageError for another p, DTypeError where x is not of floats.
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        require_number(self, "p", self.p, 0, 1)
        if self.p == 1:
            raise refusal(self, "p", "less than 1: something must be left", self.p)

    def place(self, at: Place, x: Value) -> Value:
        dtype = at.floats(x)
        ratio = [] if self.p == 0.5 else [at.constant("ratio", float(self.p), dtype)]
        return at.put("Dropout", x, *ratio)

"""Embedding: a row of a table for each id. Positions: a row for each place in a sequence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from laminae.base.errors import DTypeError
from laminae.graph import Value
from laminae.layers.arguments import require_whole
from laminae.layers.init import Init, require_init
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place


@dataclass(frozen=True, eq=False, repr=False)
class Embedding(BuilderLayer[Placed]):
    """The row of each id: ids [batch, …] of int64 (or int32), 0 to num - 1 → [batch, …, dim] of float32.

    num: how many rows; dim: how long each is. weight: their values [num, dim], where given. init: how they start otherwise,
    "normal" as in torch.nn.Embedding. One Gather.
    Parameter: `name.weight` [num, dim]. Raises DTypeError where the ids are not whole numbers.
    """

    num: int
    dim: int
    weight: Any = field(default=None, kw_only=True)
    init: Init = field(default="normal", kw_only=True)

    def __post_init__(self) -> None:
        require_whole(self, "num", self.num)
        require_whole(self, "dim", self.dim)
        require_init(self, self.init)

    def place(self, at: Place, ids: Value) -> Value:
        dtype = at.site.spec(ids).dtype
        if dtype not in (None, "int64", "int32"):
            details = {"expected": "ids of int64 or int32", "found": dtype, "the way out": "Input(…, dtype='int64')"}
            raise at.error(DTypeError, "cannot take its input", details, ids)
        start = self.init if self.weight is None else self.weight
        weight = at.parameter("weight", (int(self.num), int(self.dim)), "float32", start)
        return at.put("Gather", weight, ids, axis=0)


@dataclass(frozen=True, eq=False, repr=False)
class Positions(BuilderLayer[Placed]):
    """x + weight, a row that is learned for each place: [batch, sequence, features], same shape out. Vaswani et al. 2017, 3.5.

    init: how the rows start, "normal" as Embedding's. One Add. Parameter: `name.weight` [sequence, features].
    Raises ShapeError where sequence or features are not numbers, DTypeError where x is not of floats.
    """

    init: Init = field(default="normal", kw_only=True)

    def __post_init__(self) -> None:
        require_init(self, self.init)

    def place(self, at: Place, x: Value) -> Value:
        at.shape(x, 3, 3, meaning="[batch, sequence, features]")
        shape = (at.size(x, 1, "sequence"), at.size(x, 2, "features"))
        return at.put("Add", x, at.parameter("weight", shape, at.floats(x), self.init))

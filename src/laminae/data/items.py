"""Samples of an object that gives one item for each number: a torch Dataset, or anything like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.arrays import is_tensor
from laminae.base.errors import ShapeError, UsageError
from laminae.base.lazy import torch
from laminae.data.classes import Classes
from laminae.data.pairs import pair

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Items:
    """Items are pairs (x, expected), or dicts; those of a batch are stacked along a new first axis."""

    given: Any
    target: str | None = None
    labelled: bool = True
    classes: Classes | None = None
    slow: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        x = pair(self.given[0], self.target, "item 0", labelled=self.labelled)[0]
        return (
            tuple(map(str, x))
            if isinstance(x, Mapping)
            else tuple(f"x{i}" for i in range(len(x)))
            if isinstance(x, tuple)
            else ("x",)
        )

    def __len__(self) -> int:
        return len(self.given)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        found = [pair(item, self.target, f"item {i}", labelled=self.labelled) for i, item in self._items(indices)]
        if not found:
            raise UsageError("a batch needs at least one sample")
        return stacked([x for x, _ in found]), stacked([y for _, y in found]) if self.labelled else None

    def expected(self, indices: Array) -> Any:
        return self.batch(indices)[1]

    def place(self, index: int) -> str:
        return f"item {index} of {type(self.given).__name__}"

    def origin(self) -> dict[str, Any]:
        return {"kind": "items", "of": f"{type(self.given).__module__}.{type(self.given).__qualname__}", "samples": len(self)}

    def _items(self, indices: Array) -> list[tuple[int, Any]]:
        numbers = np.asarray(indices).tolist()
        together = getattr(self.given, "__getitems__", None)
        items = together(numbers) if together is not None else [self.given[number] for number in numbers]
        return list(zip(numbers, items, strict=True))


def is_dataset(data: Any) -> bool:
    """Whether this gives an item for each number, and says how many there are."""
    return hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, Mapping | Sequence)


def is_endless(data: Any) -> bool:
    """Whether this is torch's IterableDataset: single samples, one after another."""
    return any(kind.__name__ == "IterableDataset" for kind in type(data).__mro__)


def stacked(parts: Sequence[Any]) -> Any:
    """Arrays, tensors or numbers of one shape along a new first axis; of tuples and dicts each part. Raises ShapeError."""
    first = parts[0]
    if isinstance(first, Mapping):
        return {key: stacked([part[key] for part in parts]) for key in first}
    if isinstance(first, tuple | list) and any(hasattr(part, "shape") for part in first):
        return tuple(stacked(list(held)) for held in zip(*parts, strict=True))
    shapes = {tuple(np.shape(part)) for part in parts}
    if len(shapes) > 1:
        found = ", ".join(str(list(shape)) for shape in sorted(shapes)[:4])
        raise ShapeError(
            "the samples of a batch are of unequal shapes", {"found": found, "the ways out": "resize or pad them, or batch=1"}
        )
    if is_tensor(first):
        return torch.stack(list(parts))
    made = np.stack([np.asarray(part) for part in parts])
    return made.astype(np.float32) if isinstance(first, float) else made

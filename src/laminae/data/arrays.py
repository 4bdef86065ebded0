"""Samples that lie along the first axis of arrays: in memory, or mapped from a file and read as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_tensor
from laminae.base.dtypes import dtype_name
from laminae.base.errors import ShapeError, UsageError
from laminae.base.lazy import torch
from laminae.data.classes import Classes
from laminae.data.interface import parts, sample_count
from laminae.data.origin import checksum

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Arrays:
    """x: an array or tensor, a tuple of several, or a dict by name. y: the same, or None. made: what the origin says first.

    A batch of samples that follow each other is a view of the arrays; of others it is a copy.
    """

    x: Any
    y: Any
    made: Mapping[str, Any]
    classes: Classes | None = None
    slow: bool = False

    def __post_init__(self) -> None:
        if not all(getattr(part, "shape", ()) for part in (*parts(self.x), *(parts(self.y) if self.y is not None else ()))):
            raise UsageError("cannot take batches: an array has no axis", {"expected": "samples along the first axis"})
        samples, wanted = sample_count(self.x), len(self) if self.y is None else sample_count(self.y)
        if samples != wanted:
            details = {"input": samples, "expectation": wanted}
            raise ShapeError("input and expectation have other numbers of samples", details)

    @property
    def inputs(self) -> tuple[str, ...]:
        if isinstance(self.x, Mapping):
            return tuple(self.x)
        return tuple(f"x{i}" for i in range(len(self.x))) if isinstance(self.x, tuple) else ("x",)

    def __len__(self) -> int:
        return sample_count(self.x)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        return taken(self.x, indices), self.expected(indices)

    def expected(self, indices: Array) -> Any:
        return None if self.y is None else taken(self.y, indices)

    def place(self, index: int) -> str:
        path = self.made.get("path")
        return f"sample {index} of {path!r}" if path else f"sample {index}"

    def origin(self) -> dict[str, Any]:
        return {**self.made, "samples": len(self), **self._told}

    @cached_property
    def _told(self) -> dict[str, Any]:
        """The arrays in words, with a checksum where no file stands for them."""
        held = {"x": self.x, "expected": self.y}
        told = {name: [_facts(part) for part in parts(arrays)] for name, arrays in held.items() if arrays is not None}
        if "path" in self.made or "paths" in self.made:
            return told
        arrays = [as_numpy(part) for kept in held.values() if kept is not None for part in parts(kept)]
        return {**told, "checksum": checksum(arrays)}


def taken(held: Any, indices: Array) -> Any:
    """Those rows of an array, or of each of several."""
    run = _run(indices)
    return each(held, (lambda part: part[run]) if run is not None else (lambda part: _rows(part, indices)))


def each(held: Any, change: Callable[[Any], Any]) -> Any:
    """One array changed, or each of several, in their structure."""
    if isinstance(held, Mapping):
        return {name: change(part) for name, part in held.items()}
    return tuple(map(change, held)) if isinstance(held, tuple) else change(held)


def _rows(part: Any, indices: Array) -> Any:
    if not is_tensor(part):
        return part[indices]
    at = torch.from_numpy(np.ascontiguousarray(indices, np.int64))
    return part.index_select(0, at if part.is_cpu else at.to(part.device))  # half the time of part[at]


def _run(indices: Array) -> slice | None:
    """Indices that follow one another, as a slice."""
    count = len(indices)
    if not count:
        return slice(0, 0)
    first = int(indices[0])
    following = int(indices[-1]) - first == count - 1 and bool((np.diff(indices) == 1).all())
    return slice(first, first + count) if following else None


def _facts(part: Any) -> str:
    return f"{list(part.shape)} {dtype_name(part)}"

"""What a model learns from and is measured on: samples, each an input and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from laminae.base.errors import ShapeError, UsageError
from laminae.data.classes import Classes

Array = np.ndarray[Any, Any]


@runtime_checkable
class Samples(Protocol):
    """A known number of samples, any of which can be had at any time.

    inputs: the names of the inputs, ("x",) where the one input has none. classes: of the expectation, where it is one class
    of several. slow: whether having a batch means to read and decode files, so that a process of its own is worth it.
    """

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, ("x",) where the one input has none."""
        ...

    @property
    def classes(self) -> Classes | None:
        """The classes of the expectation; None where it is not one class of several."""
        ...

    @property
    def slow(self) -> bool:
        """Whether having a batch means to read and decode files."""
        ...

    def __len__(self) -> int: ...

    def batch(self, indices: Array) -> tuple[Any, Any]:
        """Those samples, in that order: (x, expected), samples along the first axis; expected is None where there is none.

        x: one array, or of several inputs a tuple, or a dict by name. Raises FileError for a sample that cannot be read.
        """
        ...

    def expected(self, indices: Array) -> Any:
        """Their expectations alone."""
        ...

    def place(self, index: int) -> str:
        """Where a sample comes from, in words: "line 14 of 'a.csv'"."""
        ...

    def origin(self) -> dict[str, Any]:
        """How the samples were made, as a manifest keeps it (plain JSON): kind, path, columns, sha256 or size and time, seed."""
        ...


@dataclass(frozen=True)
class Made:
    """Samples made of others: what they have in common with them, whatever they make of each."""

    whole: Samples

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.whole.inputs

    @property
    def classes(self) -> Classes | None:
        return self.whole.classes

    @property
    def slow(self) -> bool:
        return self.whole.slow


@dataclass(frozen=True)
class Subset(Made):
    """Some of the samples of others, in an order of their own. how: what its origin says of it."""

    indices: Array
    how: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.indices)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        return self.whole.batch(self.indices[indices])

    def expected(self, indices: Array) -> Any:
        return self.whole.expected(self.indices[indices])

    def place(self, index: int) -> str:
        return self.whole.place(int(self.indices[index]))

    def origin(self) -> dict[str, Any]:
        return {**self.whole.origin(), **self.how, "samples": len(self)}


def sample_count(x: Any) -> int:
    """Samples along the first axis of an input; of several inputs they must agree. Raises ShapeError."""
    counts = {len(part) if getattr(part, "shape", (1,)) else 1 for part in parts(x)}
    if len(counts) != 1:
        raise ShapeError("the inputs have other numbers of samples", {"found": ", ".join(map(str, sorted(counts)))})
    return counts.pop()


def parts(x: Any) -> list[Any]:
    """The arrays of an input: one, or each of several."""
    return list(x.values()) if isinstance(x, Mapping) else list(x) if isinstance(x, tuple) else [x]


def require_samples(given: Any, what: str) -> Samples:
    """Raises UsageError for what cannot be had in any order, as batches that come as they come."""
    if isinstance(given, Samples):
        return given
    raise UsageError(
        f"{what} needs samples that can be had in any order",
        {"found": type(given).__name__, "expected": "laminae.data.samples(…) of arrays, a file or a folder, not of batches"},
    )

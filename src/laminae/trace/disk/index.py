"""Where each sample of a dataset is: in which batch, and in which row of it. A run of samples takes one entry, however long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from laminae.base.errors import FileError
from laminae.trace.disk.manifest import Runs

Array = np.ndarray[Any, Any]


class Index:
    """The samples in the order of the data. every: only those that ran at a place that is a multiple of it.

    batches: of each batch the places of its samples in the data, as runs. Raises FileError where a sample is there twice.
    """

    def __init__(self, batches: Sequence[Runs], every: int = 1) -> None:
        runs = _runs(batches)
        if np.any(runs[1:, 0] < runs[:-1, 0] + runs[:-1, 1]):
            raise FileError("the manifest is damaged", {"because": "a sample is there twice"})
        skipped = -runs[:, 4] % every
        self._counts = np.maximum(runs[:, 1] - skipped + every - 1, 0) // every
        kept = self._counts > 0
        runs, skipped, self._counts = runs[kept], skipped[kept], self._counts[kept]
        first_kept = -(-(runs[:, 4] - runs[:, 3]) // every) * every
        self._first, self._batch = runs[:, 0] + skipped, runs[:, 2]
        self._row = (runs[:, 4] + skipped - first_kept) // every
        self._ends = np.cumsum(self._counts)
        self._every = every

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @property
    def ids(self) -> Sequence[int] | Array:
        """The place in the data of each sample, in order: a range where they lie evenly, else an array."""
        total = len(self)
        if not total:
            return range(0)
        first, last = int(self._first[0]), int(self._first[-1] + (self._counts[-1] - 1) * self._every)
        if last - first == (total - 1) * self._every:
            return range(first, last + 1, self._every)
        return np.concatenate([f + np.arange(c) * self._every for f, c in zip(self._first, self._counts, strict=True)])

    def find(self, places: Array) -> tuple[Array, Array]:
        """Of samples by their place in this index, the batches and the rows of what is stored there."""
        run = np.searchsorted(self._ends, places, side="right")
        within = places - (self._ends[run] - self._counts[run])
        return self._batch[run], self._row[run] + within


def _runs(batches: Sequence[Runs]) -> Array:
    """[runs, 5]: first sample, how many, batch, row in the batch, place among all that ran; by first sample."""
    found, place = [], 0
    for number, runs in enumerate(batches):
        row = 0
        for first, count in runs:
            found.append((first, count, number, row, place + row))
            row += count
        place += row
        if place >= 1 << 62:
            raise FileError("the manifest is damaged", {"because": "it tells of more samples than there can be"})
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 5)


def kept_of(first: int, count: int, every: int) -> int:
    """How many of a batch's samples are kept, the first of which ran at place `first`."""
    return len(range(-first % every, count, every))

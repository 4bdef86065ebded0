"""The values of one output of a layer, batch by batch, as they stand in the shards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from laminae.trace.disk.manifest import RECORDS, Column, Shard
from laminae.trace.disk.mapped import Mapped
from laminae.trace.disk.values import read

Array = np.ndarray[Any, Any]

TEXTS = "string"


class Stored:
    """columns: with its shard, and the number of the shard's first batch."""

    def __init__(self, mapped: Mapped, columns: Sequence[tuple[Shard, int, Column]]) -> None:
        self.mapped, self.columns = mapped, tuple(columns)
        self.last = self.columns[-1][2]

    @cached_property
    def places(self) -> dict[int, tuple[int, int]]:
        """Batch → which of the columns, and which of its values."""
        found = enumerate(self.columns)
        return {first + number: (at, i) for at, (_, first, column) in found for i, number in enumerate(column.batches)}

    @cached_property
    def _starts(self) -> list[list[int]]:
        """Of each column, where each value begins, in bytes."""
        return [np.cumsum([0, *column.lengths[:-1]], dtype=np.int64).tolist() for _, _, column in self.columns]

    def shape(self, batch: int) -> tuple[int, ...]:
        """Of the whole value in a batch."""
        at, i = self.places[batch]
        return self.columns[at][2].shapes[i]

    def value(self, batch: int) -> Any:
        """The whole value as the layer made it in a batch; of records the record."""
        at, i = self.places[batch]
        column = self.columns[at][2]
        return column.records[i] if column.dtype in RECORDS else read(column.dtype, column.shapes[i], self._data(batch))

    def rows(self, batch: int, row: int, count: int) -> Any:
        """Samples that stand one after another in a batch."""
        if self.last.dtype == TEXTS:
            return self.value(batch)[row : row + count]
        shape, data = self.shape(batch), self._data(batch)
        size = data.nbytes // shape[0]
        return read(self.last.dtype, (count, *shape[1:]), data[row * size : (row + count) * size])

    def gathered(self, batches: Array, rows: Array) -> Any:
        """Samples from anywhere as one tensor; their shapes must be one, and they no texts."""
        shape = self.shape(int(batches[0]))[1:]
        made: Array | None = None
        order = np.argsort(batches, kind="stable")
        for chosen in np.split(order, np.flatnonzero(np.diff(batches[order])) + 1):
            batch = int(batches[chosen[0]])
            held = np.frombuffer(self._data(batch), np.uint8).reshape(self.shape(batch)[0], -1)
            if made is None:
                made = np.empty((len(order), held.shape[1]), np.uint8)
            made[_together(chosen)] = held[_together(rows[chosen])]
        assert made is not None
        return read(self.last.dtype, (len(order), *shape), made.reshape(-1).data, own=True)

    def _data(self, batch: int) -> memoryview:
        at, i = self.places[batch]
        shard, _, column = self.columns[at]
        start = self._starts[at][i]
        return self.mapped.bytes_of(shard, column)[start : start + column.lengths[i]]


def _together(places: Array) -> Array | slice:
    """As a slice where they follow one another: then nothing is copied twice."""
    first, count = int(places[0]), len(places)
    return slice(first, first + count) if np.array_equal(places, np.arange(first, first + count)) else places

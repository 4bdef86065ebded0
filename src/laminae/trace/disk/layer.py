"""What one layer left over a whole dataset, on disk: read when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import index as whole_number
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy, is_tensor
from laminae.base.errors import ShapeError, UnknownNameError, UnknownSampleError, UsageError
from laminae.base.shapes import format_shape
from laminae.trace.disk.index import Index, kept_of
from laminae.trace.disk.manifest import RECORDS
from laminae.trace.disk.mapped import Mapped
from laminae.trace.disk.stored import TEXTS, Stored
from laminae.trace.disk.values import read

Array = np.ndarray[Any, Any]


class LayerActivations:
    """One output of a layer: `acts["h/3"][5]` is what it made of sample 5, a tensor without the sample axis.

    Samples stand in the order of the data, whatever order they ran in. A slice, a list of them or a mask is one tensor where all
    are of one shape, else a list of tensors. It has `len` and `[i]`, so a torch DataLoader takes it as a dataset; it can be
    pickled. Every tensor is memory of its own.
    """

    def __init__(self, stored: Stored, mapped: Mapped, batches: Sequence[tuple[int, int]]) -> None:
        """batches: of each the place at which its first sample ran, and how many there are."""
        self._stored, self._mapped, self._batches = stored, mapped, batches
        last = stored.last
        self.name, self.path, self.op, self.output, self.every = last.layer, last.path, last.op, last.output, last.every

    @property
    def dtype(self) -> str:
        """The name of the dtype: "float32", "bfloat16", "string"; "statistics" or "histogram" of records."""
        return self._stored.last.dtype

    @property
    def bytes(self) -> int:
        """How many it takes on the disk."""
        return sum(column.bytes for _, _, column in self._stored.columns)

    @cached_property
    def by_sample(self) -> bool:
        """Whether its first axis is that of the samples, in every batch."""
        if self.dtype in RECORDS or len(self._stored.places) != len(self._batches):
            return False
        expected = (kept_of(first, count, self.every) for first, count in self._batches)
        shapes = (self._stored.shape(batch) for batch in range(len(self._batches)))
        return all(shape[:1] == (count,) for shape, count in zip(shapes, expected, strict=True))

    @cached_property
    def _index(self) -> Index:
        if not self.by_sample:
            way = {"it has": f"{len(self._stored.places)} values, one for each batch: layer.batch(0)"}
            raise UsageError(f"what {self.name!r} made has no axis of samples", way)
        return Index([runs for shard in self._mapped.manifest.shards for runs in shard.batches], self.every)

    @property
    def ids(self) -> Sequence[int] | Array:
        """The place of each sample in the data."""
        return self._index.ids

    @cached_property
    def shape(self) -> tuple[int | None, ...]:
        """Samples first; None for an axis that is not of one size. Of what has no samples, the shape it has in every batch."""
        shapes = list({self._stored.shape(batch) for batch in self._stored.places})
        rank = min(map(len, shapes))
        if len({len(shape) for shape in shapes}) > 1:
            return (None,)
        sizes = [{shape[axis] for shape in shapes} for axis in range(rank)]
        same = tuple(found.pop() if len(found) == 1 else None for found in sizes)
        return (len(self._index), *same[1:]) if self.by_sample else same

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, which: Any) -> Any:
        """One sample by its place in the data; several by a slice, numbers or a mask.

        Raises UnknownSampleError for one that is not there, UsageError for what says no samples or has no axis of samples.
        """
        if isinstance(which, slice):
            return self._gathered(np.arange(*which.indices(len(self)), dtype=np.int64))
        if isinstance(which, list | tuple | range) or len(getattr(which, "shape", ())):
            return self._gathered(self._checked(which))
        return self._samples(self._checked([which]))[0]

    def __getitems__(self, which: Sequence[int]) -> list[Any]:
        """What a DataLoader asks for: all samples of a batch at once."""
        return self._samples(self._checked(which))

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self), 256):
            yield from self._samples(np.arange(start, min(start + 256, len(self)), dtype=np.int64))

    def batches(self, size: int) -> Iterator[Any]:
        """All samples in order, `size` at a time: a tensor, or a list of tensors where their shapes differ."""
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise UsageError(f"{size!r} samples at a time is not possible", {"expected": "1 or more"})
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def batch(self, number: int) -> Any:
        """The whole value as the layer made it in one batch of the run; of records the record. Raises UnknownNameError."""
        if number not in self._stored.places:
            raise UnknownNameError(
                f"{self.name!r} left nothing in batch {number}", {"there are": f"{len(self._batches)} batches"}
            )
        return self._stored.value(number)

    @property
    def batch_numbers(self) -> tuple[int, ...]:
        """The batches of the run in which it left something."""
        return tuple(self._stored.places)

    def tensor(self) -> Any:
        """All samples as one tensor; the value itself where there is one batch. Raises ShapeError where shapes differ."""
        if len(self._batches) == len(self._stored.places) == 1:
            return self.batch(0)
        made = self[:]
        if isinstance(made, list):
            rows = {
                "shape": format_shape(tuple("?" if n is None else n for n in self.shape)),
                "instead": "layer[i], layer.batches(n)",
            }
            raise ShapeError(f"the samples of {self.name!r} are of unequal shapes", rows)
        return made

    def numpy(self) -> Array:
        """The same as a NumPy array; dtypes that NumPy lacks are those of ml_dtypes."""
        return as_numpy(self.tensor())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __repr__(self) -> str:
        which = f", output {self.output}" if self._stored.last.outputs > 1 else ""
        shape = format_shape(tuple("?" if n is None else n for n in self.shape))
        return f"LayerActivations({self.name!r}{which}, {shape} {self.dtype})"

    def _checked(self, which: Any) -> Array:
        """Places of samples, also from the end; of a mask those where it holds. Raises UnknownSampleError, UsageError."""
        given = which.tolist() if hasattr(which, "tolist") else which
        if isinstance(given, list) and given and all(isinstance(i, bool) for i in given):
            given = self._marked(given)
        try:
            found = np.array([whole_number(i) for i in given], dtype=np.int64)
        except (TypeError, OverflowError):
            raise UsageError(f"{which!r} says no samples", {"expected": "a number, a slice, or several numbers"}) from None
        total = len(self)
        outside = found[(found < -total) | (found >= total)]
        if len(outside):
            raise UnknownSampleError(f"{self.name!r} has {total} samples, no sample {outside[0]}")
        return np.where(found < 0, found + total, found)

    def _marked(self, mask: Sequence[bool]) -> Sequence[int]:
        """The places where a mask holds. Raises UsageError for one of another length."""
        if len(mask) != len(self):
            raise UsageError(
                f"a mask of {len(mask)} does not fit {self.name!r}", {"expected": f"{len(self)}, one for each sample"}
            )
        return [place for place, held in enumerate(mask) if held]

    def _samples(self, places: Array) -> list[Any]:
        """Each in memory of its own."""
        return [part for made in self._stretches(places) for part in _parted(made)]

    def _gathered(self, places: Array) -> Any:
        """One tensor, or a list where shapes differ."""
        batches, rows = self._index.find(places)
        if len({self._stored.shape(batch)[1:] for batch in set(batches.tolist())}) > 1:
            return self._samples(places)
        if not len(places):
            return self._none()
        if self.dtype == TEXTS:
            return torch.cat(list(self._stretches(places)))
        return self._stored.gathered(batches, rows)

    def _none(self) -> Any:
        """No samples at all, of the shape that all have."""
        if None in self.shape:
            return []
        return read(self.dtype, (0, *(size or 0 for size in self.shape[1:])), memoryview(b"[]" if self.dtype == TEXTS else b""))

    def _stretches(self, places: Array) -> Iterator[Any]:
        """Samples that stand one after another in one batch are read at once."""
        batches, rows = self._index.find(places)
        breaks = np.flatnonzero((np.diff(batches) != 0) | (np.diff(rows) != 1)) + 1
        ends = [*breaks.tolist(), len(places)]
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            if end > start:
                yield self._stored.rows(int(batches[start]), int(rows[start]), end - start)


def _parted(made: Any) -> list[Any]:
    """Each sample, in memory of its own: one that is kept must not keep its neighbours."""
    if len(made) == 1:
        return [made[0]]
    return [part.clone() if is_tensor(part) else part for part in made]

"""Samples that are the rows of a table: read once from front to back, then at hand in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from laminae.base.errors import FileError, ShapeError
from laminae.data.arrays import taken
from laminae.data.classes import Classes
from laminae.data.columns import Choices, Column, Columns, chosen
from laminae.data.encoding import Cells, Encoder
from laminae.data.growing import Growing
from laminae.data.interface import Samples, Subset

Array = np.ndarray[Any, Any]

BLOCK = 8192
"""Rows that are looked at together."""


class Source(Protocol):
    """A file or an object with columns. word: what a row of it is called, "line" or "row". rows: how many, if known before."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def name(self) -> str: ...

    @property
    def word(self) -> str: ...

    @property
    def rows(self) -> int | None: ...

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[Array, list[Cells]]]:
        """(the number of each row, the cells of each of the columns): texts, or numbers with NaN for nothing."""
        ...

    def origin(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Table:
    """rows: [rows, columns of all inputs], classes as their ids; wanted: [rows, columns of the expectation], or None. places: the
    number of each row in its file. whole: whether all that is expected are whole numbers.

    x is [batch, features] float32 (int64 of an input that is ids alone); the expectation is [batch] of one column, of a list of
    them [batch, columns], int64 where all its numbers are whole, else float32.
    """

    source: Source
    columns: Columns
    rows: Array
    wanted: Array | None
    places: Array
    dtype: str
    shape: tuple[int, ...] | None
    left_out: int
    whole: bool
    slow: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.columns.inputs)

    @property
    def classes(self) -> Classes | None:
        return self.columns.target[0].classes if len(self.columns.target) == 1 else None

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        rows, at, made = taken(self.rows, indices), 0, {}
        for name, columns in self.columns.inputs.items():
            made[name] = self._shaped(_assembled(rows[:, at : at + len(columns)], columns, self.dtype), name)
            at += len(columns)
        return (made if len(made) > 1 else next(iter(made.values()))), self.expected(indices)

    def expected(self, indices: Array) -> Any:
        if self.wanted is None:
            return None
        wanted = taken(self.wanted, indices).astype(np.int64 if self.whole else np.float32)
        return wanted[:, 0] if self.columns.flat or self.classes is not None else wanted

    def place(self, index: int) -> str:
        return f"{self.source.word} {self.places[index]} of {self.source.name!r}"

    def origin(self) -> dict[str, Any]:
        return {**self.source.origin(), "columns": self.columns.to_json(), "left out": self.left_out, "samples": len(self)}

    def filled_from(self, indices: Array) -> Table:
        """The same table, where nothing is filled with the means of these rows alone."""
        new: dict[str, Column] = {}
        for at, column in enumerate(self.columns.all):
            if column.missing == "mean" and column.kind == "number":
                values = self.rows[:, at][indices].astype(np.float64)
                there = values[~np.isnan(values)]
                new[column.name] = replace(column, fill=float(there.mean()) if len(there) else 0.0)
        if not new:
            return self
        inputs = {name: tuple(new.get(c.name, c) for c in columns) for name, columns in self.columns.inputs.items()}
        return replace(self, columns=replace(self.columns, inputs=inputs))

    def _shaped(self, x: Array, name: str) -> Array:
        if self.shape is None or len(self.columns.inputs) > 1:
            return x
        try:
            return x.reshape(len(x), *self.shape)
        except ValueError:
            found = f"{x.shape[1]} numbers a sample, from {len(self.columns.inputs[name])} columns"
            raise ShapeError(f"the columns of {self.source.name!r} are no {list(self.shape)}", {"found": found}) from None


def of_numbers(samples: Samples) -> Samples:
    """The same samples; those of a table, or of a part of it, expecting numbers: float32 [batch, columns], also of one column and
    of whole numbers. What a table expects may be either, for it holds texts; classes stay what they are."""
    if isinstance(samples, Subset):
        return replace(samples, whole=of_numbers(samples.whole))
    if not isinstance(samples, Table) or any(column.classes is not None for column in samples.columns.target):
        return samples
    return replace(samples, columns=replace(samples.columns, flat=False), whole=False)


def read_table(source: Source, choices: Choices, dtype: str = "float32", shape: tuple[int, ...] | None = None) -> Table:
    """Every row read, checked and kept, in memory or in a temporary file.

    Raises UsageError for columns that are not there or are no numbers, FileError naming the line of what is broken or missing.
    """
    columns = chosen(choices, source.names, source.name)
    known = isinstance(choices.columns, Columns)
    store = "float32" if dtype in ("float16", "float32", "bfloat16") else "float64"
    every = [*((column, False) for column in columns.all), *((column, True) for column in columns.target)]
    types = ["float32" if target else dtype for _, target in every]
    encoders = [Encoder(c, choices, t, target=target, known=known) for (c, target), t in zip(every, types, strict=True)]
    inputs = len(columns.all)
    rows, wanted, places = Growing(inputs, store), Growing(len(every) - inputs, "float64"), Growing(1, "int64")
    if source.rows is not None:
        rows.reserve(source.rows)
    left_out = 0
    for numbers, cells in source.blocks([column.name for column, _ in every]):
        block, keep = _encoded(encoders, cells, numbers, source)
        left_out += int((~keep).sum())
        rows.append(block[keep, :inputs])
        wanted.append(block[keep, inputs:])
        places.append(numbers[keep, None])
    return _finished(source, columns, encoders, (rows.whole(), wanted.whole(), places.whole()), dtype, shape, left_out)


def _encoded(encoders: Sequence[Encoder], cells: list[Cells], numbers: Array, source: Source) -> tuple[Array, Array]:
    block = np.empty((len(numbers), len(encoders)))
    keep = np.ones(len(numbers), bool)
    for at, encoder in enumerate(encoders):
        block[:, at], drop = encoder.encode(cells[at], lambda row: f"{source.word} {numbers[row]} of {source.name!r}")
        keep &= ~drop
    return block, keep


def _finished(
    source: Source,
    columns: Columns,
    encoders: Sequence[Encoder],
    stores: tuple[Array, Array, Array],
    dtype: str,
    shape: tuple[int, ...] | None,
    left_out: int,
) -> Table:
    rows, wanted, places = stores
    if not len(rows):
        why = {"left out": f"{left_out:,} rows, for what is missing or unseen"} if left_out else {}
        raise FileError(f"{source.name!r} has no rows", why)
    new: dict[str, Column] = {}
    for at, encoder in enumerate(encoders):
        column, ids = encoder.finished()
        new[column.name] = column
        if ids is not None:
            store, place = (rows, at) if at < rows.shape[1] else (wanted, at - rows.shape[1])
            for first in range(0, len(store), BLOCK):
                store[first : first + BLOCK, place] = ids[store[first : first + BLOCK, place].astype(np.int64)]
    inputs = {name: tuple(new[c.name] for c in held) for name, held in columns.inputs.items()}
    target = tuple(new[c.name] for c in columns.target)
    whole = all(encoder.whole for encoder in encoders[rows.shape[1] :])
    return Table(
        source,
        replace(columns, inputs=inputs, target=target),
        rows,
        wanted if target else None,
        places[:, 0],
        dtype,
        shape,
        left_out,
        whole,
    )


def _assembled(rows: Array, columns: Sequence[Column], dtype: str) -> Array:
    """The numbers of one input: nothing filled, ids spread to one number a class."""
    if all(column.kind == "ids" for column in columns):
        return rows.astype(np.int64)
    from laminae.base.dtypes import numpy_dtype

    if all(column.kind == "number" and column.fill is None for column in columns):
        return rows.astype(numpy_dtype(dtype))
    made = np.zeros((len(rows), sum(column.width for column in columns)), numpy_dtype(dtype))
    at = 0
    for place, column in enumerate(columns):
        values = rows[:, place]
        if column.kind == "one-hot":
            ids = values.astype(np.int64)
            seen = np.flatnonzero(ids >= 0)
            made[seen, at + ids[seen]] = 1
        else:
            made[:, at] = values if column.fill is None else np.where(np.isnan(values), column.fill, values)
        at += column.width
    return made

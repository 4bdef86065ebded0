"""A Hugging Face `datasets.Dataset`: a table where every column is a number or a text, otherwise arrays by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.errors import ShapeError, UsageError
from laminae.data.classes import Classes, some
from laminae.data.columns import Choices, chosen
from laminae.data.encoding import Cells
from laminae.data.image import Preparation, prepare
from laminae.data.items import stacked
from laminae.data.parquet import cells
from laminae.data.table import BLOCK

Array = np.ndarray[Any, Any]

KNOWN = ("label", "labels", "target", "y")
"""What the column of the expectation may be called where nobody says."""


@dataclass(frozen=True)
class Rows:
    """The columns as a table's source. Rows are counted from 0, as the dataset counts them."""

    given: Any
    name: str = "the dataset"
    word: str = "row"

    @property
    def names(self) -> Sequence[str]:
        return list(self.given.column_names)

    @property
    def rows(self) -> int | None:
        return len(self.given)

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[Array, list[Cells]]]:
        done = 0
        for table in self.given.with_format("arrow").iter(batch_size=BLOCK):
            held = [self._cells(table, name) for name in columns]
            yield np.arange(done, done + len(table)), held
            done += len(table)

    def origin(self) -> dict[str, Any]:
        return _origin(self.given)

    def _cells(self, table: Any, name: str) -> Cells:
        """Classes by their names; an id of −1 is none."""
        found = cells(table.column(name).combine_chunks(), name, self.name)
        classes = named_classes(self.given, name)
        if classes is None or not isinstance(found, np.ndarray):
            return found
        return [classes[int(id)] if 0 <= id < len(classes) else None for id in found]


@dataclass(frozen=True)
class Features:
    """Samples whose inputs are arrays or images: x is a dict by column, or the one array."""

    given: Any
    columns: tuple[str, ...]
    target: str | None
    how: Preparation
    slow: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.columns

    @property
    def classes(self) -> Classes | None:
        return named_classes(self.given, self.target)

    def __len__(self) -> int:
        return len(self.given)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        wanted = [*self.columns, *([self.target] if self.target is not None else [])]
        held = self.given.select_columns(wanted).with_format("numpy")[np.asarray(indices).tolist()]
        made = {name: self._array(name, held[name]) for name in self.columns}
        return (made if len(made) > 1 else made[self.columns[0]]), None if self.target is None else self._array(
            self.target, held[self.target]
        )

    def expected(self, indices: Array) -> Any:
        if self.target is None:
            return None
        held = self.given.select_columns([self.target]).with_format("numpy")[np.asarray(indices).tolist()]
        return self._array(self.target, held[self.target])

    def place(self, index: int) -> str:
        return f"row {index} of the dataset"

    def origin(self) -> dict[str, Any]:
        return {**_origin(self.given), "columns": list(self.columns), "target": self.target, "samples": len(self)}

    def _array(self, name: str, held: Any) -> Array:
        if type(self.given.features[name]).__name__ == "Image":
            pixels = [image if image.ndim == 3 else image[..., None] for image in map(np.asarray, held)]
            shaped: Array = stacked([prepare(image, self.how)[0] for image in pixels])
            return shaped
        array = np.asarray(held)
        if array.dtype == object:
            raise ShapeError(
                f"column {name!r} holds samples of unequal lengths", {"the ways out": "pad them (dataset.map), or leave it out"}
            )
        if array.dtype.kind in "US":
            raise UsageError(
                f"column {name!r} is text", {"the ways out": "make numbers of it (dataset.map with a tokenizer), or columns=[…]"}
            )
        return array.astype(np.float32) if array.dtype == np.float64 else array


def is_huggingface(data: Any) -> bool:
    return type(data).__module__.partition(".")[0] == "datasets"


def is_table(given: Any, choices: Choices) -> bool:
    """Whether every column in use holds one number or text a row."""
    columns = chosen(choices, list(given.column_names), "the dataset")
    used = [column.name for column in (*columns.all, *columns.target)]
    return all(type(given.features[name]).__name__ in ("Value", "ClassLabel") for name in used)


def features(given: Any, choices: Choices, how: Preparation) -> Features:
    """Raises UsageError for columns that are not there."""
    columns = chosen(choices, list(given.column_names), "the dataset")
    if len(columns.target) > 1:
        raise UsageError("a dataset of arrays has one expectation", {"found": some([column.name for column in columns.target])})
    target = columns.target[0].name if columns.target else None
    return Features(given, tuple(column.name for column in columns.all), target, how)


def target_of(given: Any) -> str | None:
    """The column whose name says that it is the expectation."""
    return next((name for name in KNOWN if name in given.column_names), None)


def require_one(given: Any) -> None:
    """Raises UsageError for several datasets in one, or for one that comes as it comes."""
    if not hasattr(given, "column_names") or isinstance(given.column_names, dict):
        raise UsageError(
            "these are several datasets", {"found": some(list(given)), "give": f"one: data[{next(iter(given), '…')!r}]"}
        )
    if not hasattr(given, "__len__"):
        raise UsageError(
            "this dataset gives one row after another", {"give": "its batches: data.with_format('numpy').iter(batch_size=64)"}
        )


def named_classes(given: Any, target: str | None) -> Classes | None:
    names = getattr(given.features.get(target), "names", None) if target is not None else None
    return Classes(tuple(names)) if names else None


def _origin(given: Any) -> dict[str, Any]:
    return {"kind": "datasets", "fingerprint": getattr(given, "_fingerprint", None)}

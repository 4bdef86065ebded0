"""The cells of one column as numbers, block after block; what is broken, missing or not seen before is named by its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from laminae.base.dtypes import numpy_dtype
from laminae.base.errors import FileError, UsageError
from laminae.data.classes import UNSEEN, Classes, some
from laminae.data.columns import Choices, Column

Array = np.ndarray[Any, Any]
Cells = Sequence[str | None] | Array
Place = Callable[[int], str]

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?", "-"))
"""What stands in a column of numbers where nothing is known, in small letters. In a column of texts only the empty cell does."""

EXACT = 1 << 53
"""Whole numbers up to this one are float64 without loss."""

MOST = {"one-hot": 1000, "ids": 10_000_000}
"""Classes that a column may have."""


class Encoder:
    """Learns a column while it reads it. target: whether it is the expectation, where texts are classes without being asked."""

    def __init__(self, column: Column, choices: Choices, dtype: str, *, target: bool, known: bool) -> None:
        self.column, self.target, self.known = column, target, known
        self._unseen, self._dtype = choices.unseen, numpy_dtype(dtype)
        self._largest = _largest(self._dtype)
        self._codes: dict[str, int] = {} if column.classes is None else {name: i for i, name in enumerate(column.classes.names)}
        self._begun = known
        self._sum, self._count = 0.0, 0
        self.whole = True

    def encode(self, cells: Cells, place: Place) -> tuple[Array, Array]:
        """(numbers float64, which rows to leave out). NaN where the mean will stand; codes of classes as they were first seen."""
        if not self._begun:
            self._begin(cells, place)
        if isinstance(cells, np.ndarray):
            return self._classes(_texts(cells), place) if self.column.kind != "number" else self._numbers(cells, place)
        if self.column.kind != "number":
            return self._classes(cells, place)
        return self._numbers(_parsed(cells, self._broken(place)), place)

    def finished(self) -> tuple[Column, Array | None]:
        """The column, with its classes or its mean; and the id of each code, where ids are not the codes."""
        if self.column.kind == "number":
            mean = self.column.missing == "mean" and not self.known
            return (replace(self.column, fill=self._sum / max(1, self._count)) if mean else self.column), None
        if self.known or self.column.classes is not None:
            return self.column, None
        classes = Classes.of(self._codes)
        return replace(self.column, classes=classes), classes.ids(list(self._codes))

    def _begin(self, cells: Cells, place: Place) -> None:
        """Numbers or texts: what the first cell that is not missing says."""
        if isinstance(cells, np.ndarray):
            self._begun = True
            return
        first = next((i for i, cell in enumerate(cells) if not _nothing(cell)), None)
        if first is None:
            return
        self._begun = True
        if self.column.kind != "number" or _number(cells[first]) is not None:
            return
        if self.target:
            self.column = replace(self.column, kind="ids")
            return
        name = self.column.name
        ways = "name it in `categories`: a number for each class, or its id; or leave it out of `columns`"
        raise UsageError(f"column {name!r} is text", {"found": f"{cells[first]!r} in {place(first)}", "the ways out": ways})

    def _classes(self, cells: Sequence[str | None], place: Place) -> tuple[Array, Array]:
        name, fill = self.column.name, self.column.missing
        missing = np.fromiter((not cell or cell.isspace() for cell in cells), bool, len(cells))
        drop = np.zeros(len(cells), bool)
        if missing.any():
            drop = missing & self._drops(missing, place, text=True)
        new = not self.known and self.column.classes is None
        codes = np.full(len(cells), UNSEEN, np.float64)
        for i, cell in enumerate(cells):
            if drop[i]:
                continue
            text = str(fill) if missing[i] else str(cell).strip()
            code = self._codes.setdefault(text, len(self._codes)) if new else self._codes.get(text, UNSEEN)
            if code == UNSEEN:
                self._refuse_unseen(text, place(i))
                drop[i] = self._unseen == "drop"
            codes[i] = code
        if len(self._codes) > MOST[self.column.kind]:
            way = "its ids (`categories`), or leave it out" if self.column.kind == "one-hot" else "leave it out"
            raise UsageError(f"column {name!r} has more than {MOST[self.column.kind]:,} classes", {"the way out": way})
        return codes, drop

    def _numbers(self, numbers: Array, place: Place) -> tuple[Array, Array]:
        missing = np.isnan(numbers)
        drop = np.zeros(len(numbers), bool)
        if missing.any():
            drop = missing & self._drops(missing, place, text=False)
            if not drop.any() and self.column.missing != "mean":
                numbers = np.where(missing, float(self.column.missing), numbers)
        there = numbers[~missing]
        wrong = np.abs(numbers) > self._largest
        if self._dtype.kind in "iu":
            wrong |= ~missing & (numbers % 1 != 0)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise FileError(f"{place(at)}, column {self.column.name!r}: {numbers[at]} is no {self._dtype.name} number")
        self.whole = self.whole and bool(((there % 1 == 0) & (np.abs(there) <= EXACT)).all())
        self._sum, self._count = self._sum + float(there.sum()), self._count + len(there)
        return numbers, drop

    def _drops(self, missing: Array, place: Place, *, text: bool) -> bool:
        """Whether rows with nothing here are left out. Raises UsageError where nobody said what stands for nothing."""
        choice, name, at = self.column.missing, self.column.name, int(np.argmax(missing))
        if choice == "drop":
            return True
        wants = (
            isinstance(choice, str) and choice not in ("error", "mean")
            if text
            else choice == "mean" or isinstance(choice, int | float)
        )
        if wants and not self.target:
            return False
        ways = "drop" if self.target else "drop, or a class" if text else "drop, mean, or a number"
        said = "" if choice == "error" else f", and {choice!r} cannot stand there"
        raise FileError(f"{place(at)} has no value in column {name!r}{said}", {"the ways out": f"`missing`: {ways}"})

    def _refuse_unseen(self, text: str, place: str) -> None:
        zeros = self._unseen == "zeros" and self.column.kind == "one-hot"
        if self._unseen == "drop" or zeros:
            return
        ways = "`unseen`: drop leaves such rows out" + ("; zeros makes it no class" if self.column.kind == "one-hot" else "")
        details = {"classes": some(tuple(self._codes)), "the ways out": ways}
        raise UsageError(f"{place}, column {self.column.name!r}: {text[:60]!r} is a class that was not seen before", details)

    def _broken(self, place: Place) -> Callable[[int, str], FileError]:
        name = self.column.name
        return lambda at, cell: FileError(
            f"{place(at)}, column {name!r}: {cell[:60]!r} is no number", {"expected": "a number, as in the lines before"}
        )


def _largest(dtype: np.dtype[Any]) -> float:
    """The largest number that a dtype holds; of whole ones the largest that float64 holds with all before it."""
    if dtype.kind in "iu":
        return min(int(np.iinfo(dtype).max), EXACT)
    return float(np.finfo(dtype if dtype.kind == "f" else np.float32).max)


def _parsed(cells: Sequence[str | None], broken: Callable[[int, str], FileError]) -> Array:
    """Texts as float64, NaN for nothing."""
    try:
        if "_" in "".join(cells):  # type: ignore[arg-type]  # Python reads 1_000 as a number
            raise ValueError
        return np.array(list(map(float, cells)))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.array([_cell(at, cell, broken) for at, cell in enumerate(cells)])


def _cell(at: int, cell: str | None, broken: Callable[[int, str], FileError]) -> float:
    found = float("nan") if _nothing(cell) else _number(cell)
    if found is None:
        raise broken(at, str(cell))
    return found


def _number(cell: str | None) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # type: ignore[operator, arg-type]
    except (TypeError, ValueError):
        return None


def _nothing(cell: str | None) -> bool:
    return cell is None or cell.strip().lower() in MISSING


def _texts(numbers: Array) -> list[str | None]:
    """Numbers as the names of classes: whole ones without a point."""
    return [None if v != v else str(int(v)) if v % 1 == 0 else str(v) for v in numbers.tolist()]

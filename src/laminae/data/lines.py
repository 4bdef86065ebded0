"""A CSV file as rows of cells, block after block, with the line where each row begins."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from laminae.base.errors import FileError
from laminae.data.csv import DELIMITERS
from laminae.data.encoding import Cells
from laminae.data.files import require_file
from laminae.data.origin import of_file
from laminae.data.source import opened
from laminae.data.table import BLOCK

Array = np.ndarray[Any, Any]

LONGEST = 1 << 24
"""Bytes that a line may have (16 MiB)."""


@dataclass(frozen=True)
class Lines:
    """Cells separated by commas, semicolons or tabs, perhaps in quotes, in UTF-8. The first line names the columns if no cell of
    it is a number; otherwise they are "column 1", "column 2", …"""

    path: Path
    word: str = "line"
    rows: int | None = None

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def names(self) -> Sequence[str]:
        return self._head[0]

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[Array, list[Cells]]]:
        places = [list(self.names).index(name) for name in columns]
        with opened(self.path, self.name, "CSV") as file:
            rows = self._rows(file)
            if self._head[1]:
                next(rows)
            while block := list(islice(rows, BLOCK)):
                cells = list(zip(*(row for _, row in block), strict=True))
                yield np.array([line for line, _ in block]), [cells[place] for place in places]

    def origin(self) -> dict[str, Any]:
        return {"kind": "csv", **of_file(self.path, whole=True)}

    @cached_property
    def _head(self) -> tuple[list[str], bool]:
        """The names of the columns, and whether the file has them."""
        require_file(self.path)
        with opened(self.path, self.name, "CSV") as file:
            first = next(self._rows(file), None)
        if first is None:
            raise FileError(f"{self.name!r} is empty")
        cells = first[1]
        numbered = [f"column {i}" for i in range(1, len(cells) + 1)]
        if any(map(_is_number, cells)):
            return numbered, False
        return [cell.strip() or number for cell, number in zip(cells, numbered, strict=True)], True

    def _rows(self, file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of each row that is not empty; all have as many cells as the first."""
        lines = TextLines(file, self.name)
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            return
        begin = lines.number
        sign = max(DELIMITERS, key=lambda sign: len(next(csv.reader([first], delimiter=sign))))
        reader = csv.reader(chain([first], lines), delimiter=sign)
        width = None
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise FileError(f"line {begin} of {self.name!r} is broken", {"because": str(error)}) from None
            if row is None:
                return
            if len(row) > 1 or (row and row[0].strip()):
                width = width or len(row)
                if len(row) != width:
                    details = {"expected": f"{width} cells, as in the first", "found": f"{len(row)}: {sign.join(row)[:60]}"}
                    raise FileError(f"line {begin} of {self.name!r} is broken", details)
                yield begin, row
            begin = lines.number + 1


class TextLines:
    """The lines of a file as text, and the number of the last that was read."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name, self.number = file, name, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > LONGEST:
            details = {"expected": f"at most {LONGEST:,} bytes", "is it": "no CSV, or with line ends of another kind?"}
            raise FileError(f"line {self.number} of {self._name!r} has no end", details)
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            details = {"because": f"byte {error.start + 1} is no UTF-8", "the way out": "iconv -f latin1 -t utf-8"}
            raise FileError(f"line {self.number} of {self._name!r} is broken", details) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

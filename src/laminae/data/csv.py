"""Numbers as CSV: a sample a line, perhaps under a line of names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from laminae.base.errors import FileError
from laminae.data.source import Rows, opened

DELIMITERS = ",;\t"


def read_csv(source: bytes | Path, name: str) -> Rows:
    """The numbers, a row a line. Raises FileError naming the line that is no row of numbers."""
    with opened(source, name, "CSV") as file:
        lines = file.read().decode("utf-8-sig").splitlines()
    rows = [(i, line) for i, line in enumerate(lines, 1) if line.strip()]
    delimiter = max(DELIMITERS, key=lambda sign: rows[0][1].count(sign)) if rows else ","
    numbers = [(i, [_number(cell) for cell in line.split(delimiter)]) for i, line in rows]
    if len(numbers) > 1 and all(cell is None for cell in numbers[0][1]):
        numbers = numbers[1:]
    for i, row in numbers:
        if None in row or len(row) != len(numbers[0][1]):
            expected = f"{len(numbers[0][1])} numbers, as in line {numbers[0][0]}"
            raise FileError(f"line {i} of {name!r} is no row of numbers", {"expected": expected, "found": lines[i - 1][:60]})
    if not numbers:
        raise FileError(f"{name!r} is empty")
    return Rows(np.array([row for _, row in numbers], dtype=np.float64))


def _number(cell: str) -> float | None:
    try:
        return float(cell.strip().strip('"'))
    except ValueError:
        return None

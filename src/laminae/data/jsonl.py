"""JSON lines as rows of cells: an object a line, the names of the first are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from laminae.base.errors import FileError
from laminae.data.encoding import Cells
from laminae.data.files import require_file
from laminae.data.lines import TextLines
from laminae.data.origin import of_file
from laminae.data.source import opened
from laminae.data.table import BLOCK

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class JsonLines:
    """TextLines, numbers, true and false (1 and 0) and null, in UTF-8. A list `ids` of the same length in every line is so many
    columns, "ids 1", "ids 2", …; a name that a line leaves out is null there."""

    path: Path
    word: str = "line"
    rows: int | None = None

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def names(self) -> Sequence[str]:
        return [name for key, length in self._head.items() for name in _names(key, length)]

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[Array, list[Cells]]]:
        places = [list(self.names).index(name) for name in columns]
        with opened(self.path, self.name, "JSON lines") as file:
            rows = self._objects(file)
            while block := list(islice(rows, BLOCK)):
                cells = [self._row(line, held) for line, held in block]
                yield np.array([line for line, _ in block]), [[row[place] for row in cells] for place in places]

    def origin(self) -> dict[str, Any]:
        return {"kind": "jsonl", **of_file(self.path, whole=True)}

    @cached_property
    def _head(self) -> dict[str, int | None]:
        """The keys of the first line, and how long each one's list is; None for what is no list."""
        require_file(self.path)
        with opened(self.path, self.name, "JSON lines") as file:
            first = next(self._objects(file), None)
        if first is None or not first[1]:
            raise FileError(f"{self.name!r} is empty", {"expected": '{"text": "…", "label": "…"}, an object a line'})
        return {key: len(value) if isinstance(value, list) else None for key, value in first[1].items()}

    def _objects(self, file: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        lines = TextLines(file, self.name)
        for line in lines:
            if not line.strip():
                continue
            try:
                held = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise FileError(f"line {lines.number} of {self.name!r} is no JSON", {"because": str(error)[:100]}) from None
            if not isinstance(held, dict):
                details = {"expected": '{"name": value, …}', "found": line.strip()[:60]}
                raise FileError(f"line {lines.number} of {self.name!r} is no object", details)
            yield lines.number, held

    def _row(self, line: int, held: Mapping[str, Any]) -> list[str | None]:
        odd = next((key for key in held if key not in self._head), None)
        if odd is not None:
            details = {
                "in the first": ", ".join(self._head)[:200],
                "the way out": f'"{odd}": null in the first line, if it is a column',
            }
            raise FileError(f"line {line} of {self.name!r} has {odd!r}, the first has not", details)
        row: list[str | None] = []
        for key, length in self._head.items():
            row += self._cells(line, key, held.get(key), length)
        return row

    def _cells(self, line: int, key: str, value: Any, length: int | None) -> list[str | None]:
        if length is None:
            return [self._cell(line, key, value)]
        if not isinstance(value, list) or len(value) != length:
            found = f"a list of {len(value)}" if isinstance(value, list) else repr(value)[:40]
            details = {"expected": f"a list of {length}, as in the first line", "found": found}
            raise FileError(f"line {line} of {self.name!r}: {key!r} does not fit", details)
        return [self._cell(line, key, part) for part in value]

    def _cell(self, line: int, key: str, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, int | float):
            return repr(value)
        details = {"expected": "a text, a number, true, false, null, or a list of such", "found": type(value).__name__}
        raise FileError(f"line {line} of {self.name!r}: {key!r} is no cell", details)


def _names(key: str, length: int | None) -> list[str]:
    return [key] if length is None else [f"{key} {place}" for place in range(1, length + 1)]

"""A DataFrame (pandas, Polars) as a table: whatever has named columns that become arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.errors import UsageError
from laminae.data.encoding import Cells
from laminae.data.table import BLOCK

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Frame:
    """Rows are counted from 0, as they are in the frame."""

    frame: Any
    name: str = "the frame"
    word: str = "row"

    @property
    def names(self) -> Sequence[str]:
        return [str(name) for name in self.frame.columns]

    @property
    def rows(self) -> int | None:
        return len(self.frame)

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[Array, list[Cells]]]:
        real = dict(zip(self.names, self.frame.columns, strict=True))
        held = [_cells(self.frame[real[name]], name) for name in columns]
        for at in range(0, len(self.frame), BLOCK):
            yield np.arange(at, min(at + BLOCK, len(self.frame))), [cells[at : at + BLOCK] for cells in held]

    def origin(self) -> dict[str, Any]:
        return {"kind": "frame", "of": type(self.frame).__module__.split(".")[0]}


def is_frame(data: Any) -> bool:
    """Whether this is a DataFrame: columns with names, each an array."""
    return hasattr(data, "columns") and hasattr(data, "to_numpy")


def _cells(column: Any, name: str) -> Cells:
    found = np.asarray(column.to_numpy())
    if found.dtype.kind in "biuf":
        return found.astype(np.float64)
    held = [None if _nothing(cell) else cell for cell in found.tolist()]
    if found.dtype.kind in "OUT" and all(cell is None or isinstance(cell, str) for cell in held):
        return held
    if found.dtype.kind != "O" or not all(cell is None or isinstance(cell, int | float) for cell in held):
        raise UsageError(f"column {name!r} is {column.dtype}", {"expected": "numbers or texts"})
    return np.array([np.nan if cell is None else cell for cell in held], dtype=np.float64)


def _nothing(cell: Any) -> bool:
    """None, NaN, and what pandas has for it, which is equal to nothing and refuses to be asked."""
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and cell != cell)

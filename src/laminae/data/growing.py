"""Rows that come one block after another: kept in memory up to a limit, then in a file without a name, which is mapped."""

from __future__ import annotations

import shutil
import tempfile
from typing import IO, Any

import numpy as np

from laminae.base.errors import FileError

Array = np.ndarray[Any, Any]

IN_MEMORY = 1 << 28
"""Bytes of rows that are held in memory (256 MiB)."""


class Growing:
    """Rows [rows, width] of one dtype."""

    def __init__(self, width: int, dtype: str, limit: int = IN_MEMORY) -> None:
        self._width, self._dtype, self._limit = width, np.dtype(dtype), limit
        self._blocks: list[Array] = []
        self._file: IO[bytes] | None = None
        self._rows = 0

    def reserve(self, rows: int) -> None:
        """Raises FileError where so many rows could not be kept: before anything is read for nothing."""
        wanted, folder = rows * self._width * self._dtype.itemsize, tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
        if wanted > max(self._limit, free):
            raise _full(folder, f"{wanted:,} bytes for {rows:,} rows of {self._width}", free)

    def append(self, block: Array) -> None:
        """Add rows. Raises FileError where the disk is full."""
        block = np.ascontiguousarray(block, self._dtype)
        self._rows += len(block)
        if self._file is None and self._rows * self._width * self._dtype.itemsize <= self._limit:
            self._blocks.append(block)
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="laminae-")  # noqa: SIM115  lives as long as its map
                for kept in self._blocks:
                    self._file.write(kept.data)
                self._blocks = []
            self._file.write(block.data)
        except OSError as error:
            folder = tempfile.gettempdir()
            raise _full(folder, error.strerror or str(error), shutil.disk_usage(folder).free) from None

    def whole(self) -> Array:
        """All rows, which may be written to; the file is gone when nobody holds them any more."""
        if self._file is None:
            return np.concatenate(self._blocks) if self._blocks else np.empty((0, self._width), self._dtype)
        self._file.flush()
        return np.memmap(self._file, self._dtype, "r+", shape=(self._rows, self._width))


def _full(folder: str, why: str, free: int) -> FileError:
    way = "fewer columns, or TMPDIR=… naming a folder with room"
    return FileError(
        "there is no room for the data", {"because": why, "folder": folder, "free": f"{free:,} bytes", "the ways out": way}
    )

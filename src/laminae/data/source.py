"""Bytes or a path, opened alike, and what goes wrong with them as our errors."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from laminae.base.errors import FileError, LaminaeError


@dataclass(frozen=True)
class Rows:
    """Lines of numbers [lines, numbers] float64, which take the dtype and the shape of what they are given to."""

    array: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Pixels:
    """An image [height, width, channels] uint8, to be prepared before a model takes it."""

    array: np.ndarray[Any, Any]


def bare(held: Any) -> Any:
    """The array itself of rows or pixels; anything else as it is."""
    return held.array if isinstance(held, Rows | Pixels) else held


@contextmanager
def opened(source: bytes | Path, name: str, what: str) -> Iterator[IO[bytes]]:
    """The file, or the bytes as one. Whatever a reader makes of a damaged file is raised as FileError, naming it."""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            yield file
    except LaminaeError:
        raise
    except Exception as error:  # readers raise much at damaged files: ValueError, zlib.error, BadZipFile, MemoryError…
        raise damaged(name, what, error) from None


def damaged(name: str, what: str, error: Exception) -> FileError:
    """The error for a file that is not what it claims to be."""
    reason = getattr(error, "strerror", None) or str(error).split("\n")[0] or type(error).__name__
    return FileError(f"cannot read {name!r} as {what}", {"because": reason})

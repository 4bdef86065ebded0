"""What tells later whether data are still the same: hashes of files, of folders, of arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import FileError

ENDS = 1 << 25
"""Bytes of an array at each end that its checksum is taken of: of a larger one the middle is left out."""

READ = 1 << 26
"""Bytes of the largest file that is read only to know it again: a copy of it, or one that was touched, is the same."""

TIMES = ("bytes", "modified_ns")


def of_file(path: Path, *, whole: bool) -> dict[str, Any]:
    """The path, and its sha256 (`whole`: however large it is) or else its size and time. Raises FileError."""
    try:
        if whole or path.stat().st_size <= READ:
            with path.open("rb") as file:
                return {"path": str(path), "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
        about = path.stat()
    except OSError as error:
        raise FileError(f"cannot read {str(path)!r}", {"because": error.strerror or str(error)}) from None
    return {"path": str(path), "bytes": about.st_size, "modified_ns": about.st_mtime_ns}


def of_files(folder: Path, names: Iterable[str]) -> str:
    """sha256 over the names, sizes and times of files in a folder; what is in them is not read."""
    found = hashlib.sha256()
    for name in names:
        about = (folder / name).stat()
        found.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return found.hexdigest()


def checksum(arrays: Iterable[np.ndarray[Any, Any]]) -> str:
    """sha256 of the bytes of arrays; of each at most the first and the last 32 MiB."""
    found = hashlib.sha256()
    for array in arrays:
        rows = max(1, ENDS // max(1, array[:1].nbytes))
        for piece in (array[:rows], array[max(rows, len(array) - rows) :]):
            found.update(repr(piece.tolist()).encode() if piece.dtype == object else np.ascontiguousarray(piece).tobytes())
    return found.hexdigest()


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """What two origins say differently: word → "before → now". Nothing where the data are the same.

    A path may change where a sha256 vouches for the file; a manifest read from JSON is compared as JSON would hold it.
    """
    vouched = "sha256" in before and before.get("sha256") == now.get("sha256")
    left = {"path", *TIMES} if vouched else set()
    words = [word for word in dict.fromkeys((*before, *now)) if word not in left]
    pairs = {word: (_plain(before.get(word)), _plain(now.get(word))) for word in words}
    return {word: f"{a!r} → {b!r}" for word, (a, b) in pairs.items() if a != b}


def _plain(held: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(held, Mapping):
        return {str(key): _plain(part) for key, part in held.items()}
    return [_plain(part) for part in held] if isinstance(held, list | tuple) else held

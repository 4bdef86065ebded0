"""A file as what it holds: an array, several by name, or lists; each kind has its reader, found by suffix or by first bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, UsageError
from laminae.data.csv import read_csv
from laminae.data.image import read_image
from laminae.data.json import read_json
from laminae.data.npy import read_npy, read_npz

Reader = Callable[[bytes | Path, str], Any]

READERS: dict[str, Reader] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".json": read_json,
    ".csv": read_csv,
    ".png": read_image,
    ".jpg": read_image,
    ".jpeg": read_image,
    ".bmp": read_image,
    ".gif": read_image,
    ".tif": read_image,
    ".tiff": read_image,
    ".webp": read_image,
    ".ppm": read_image,
    ".pgm": read_image,
}
"""Suffix → reader. A reader takes a path, or the bytes themselves, and the name to speak of in errors."""

BEGINNINGS = (
    (b"\x93NUMPY", ".npy"),
    (b"PK", ".npz"),
    (b"\x89PNG", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"BM", ".bmp"),
    (b"GIF8", ".gif"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"RIFF", ".webp"),
    (b"P6", ".ppm"),
    (b"P5", ".pgm"),
)
"""How files begin, for what comes from stdin without a name."""


def read(source: str | os.PathLike[str]) -> Any:
    """What a file holds, or `-` for stdin: an array, a dict of arrays (.npz), or lists and dicts of them (.json).

    Raises FileError for a file that is missing or is not what its suffix says, UsageError for a suffix that is not known.
    """
    if str(source) == "-":
        return read_bytes(sys.stdin.buffer.read(), "stdin")
    path = Path(source)
    suffix = path.suffix.lower()
    require_file(path)
    if suffix not in READERS:
        raise UsageError(f"cannot read {str(path)!r}", {"found": suffix or "no suffix", "known": " ".join(READERS)})
    return READERS[suffix](path, str(path))


def read_bytes(data: bytes, name: str) -> Any:
    """What the bytes hold, told by how they begin: .npy, .npz, an image, .json, otherwise .csv."""
    if not data.strip():
        raise FileError(f"{name} is empty", {"expected": ".npy, .npz, .json, .csv or an image"})
    return READERS[_kind(data)](data, name)


def require_file(path: Path) -> None:
    """Raises FileError unless there is a file that is not empty."""
    if not path.exists():
        nearby = sorted(p.name for p in path.parent.glob(f"*{path.suffix}"))[:5] if path.suffix and path.parent.is_dir() else []
        raise FileError(f"there is no file {str(path)!r}", {"in that folder": ", ".join(nearby)} if nearby else {})
    if path.is_dir():
        raise FileError(f"{str(path)!r} is a folder, not a file")
    if path.is_file() and path.stat().st_size == 0:
        raise FileError(f"{str(path)!r} is empty")


def _kind(data: bytes) -> str:
    for beginning, suffix in BEGINNINGS:
        if data.startswith(beginning):
            return suffix
    return ".json" if data.lstrip()[:1] in (b"{", b"[") else ".csv"

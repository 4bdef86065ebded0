"""The shards of a folder, mapped into memory: what is read of a file is what is looked at.

No file is believed: it lies in its folder and is no link, its size and its header are those that the manifest says.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import stat
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError
from laminae.trace.disk import manifest
from laminae.trace.disk.manifest import Column, Manifest, Shard
from laminae.trace.disk.shard import tensor

OPEN = 64
"""Files that are mapped at a time."""

LARGEST_HEADER = 100_000_000


class Mapped:
    """The files of one folder. Pickled as its path: every process maps them for itself."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(os.fspath(path)))
        self.manifest = _manifest(self.path)
        self._open: OrderedDict[str, tuple[Any, Mapping[str, int]]] = OrderedDict()

    def __reduce__(self) -> tuple[object, ...]:
        return Mapped, (self.path,)

    def bytes_of(self, shard: Shard, column: Column) -> memoryview:
        """The bytes of a column, read when they are looked at. Raises FileError for a file that is not what the manifest says."""
        if shard.file not in self._open:
            self._open[shard.file] = _mapped(self.path / shard.file, shard)
            if len(self._open) > OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end(shard.file)
        buffer, starts = self._open[shard.file]
        start = starts[column.key]
        return memoryview(buffer)[start : start + column.bytes]

    def damage(self, shard: Shard) -> str:
        """What is wrong with a file, all of it read; "" where nothing is."""
        try:
            _mapped(self.path / shard.file, shard)
            found = hashlib.sha256()
            with open(self.path / shard.file, "rb") as file:
                while block := file.read(1 << 20):
                    found.update(block)
        except FileError as error:
            return f"{error.message}: {error.details.get('because', error.details.get('found', ''))}"
        except OSError as error:
            return f"{shard.file!r} cannot be read: {error.strerror or error}"
        return "" if found.hexdigest() == shard.sha256 else f"{shard.file!r} is damaged: its SHA-256 is another than when written"


def _manifest(folder: Path) -> Manifest:
    """Raises FileError where there is none, or an unsound one."""
    path = folder / manifest.NAME
    if not folder.is_dir():
        raise FileError(
            f"there is no folder {str(folder)!r}", {"expected": "one that model.harvest or model.run(out=…) has written"}
        )
    if not os.path.lexists(path):
        there = ", ".join(sorted(os.listdir(folder))[:4]) or "nothing"
        raise FileError(f"{str(folder)!r} is no folder of activations", {"expected": manifest.NAME, "found": there})
    with _open(path) as file:
        if os.fstat(file.fileno()).st_size > manifest.LARGEST:
            raise FileError(f"{str(path)!r} is too large", {"expected": f"{manifest.LARGEST:,} bytes at most"})
        found = manifest.parse(file.read(), str(folder))
    if found is None:
        raise FileError(f"{str(folder)!r} has nothing in it yet", {"because": "its manifest was begun only"})
    return found


def _open(path: Path) -> Any:
    """A file of the folder, which is no link. Raises FileError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FileError(f"{str(path)!r} is no file")
        return os.fdopen(handle, "rb")
    except OSError as problem:
        link = "it is a link, and nothing outside the folder is read" if os.path.islink(path) else problem.strerror
        raise FileError(f"{str(path)!r} cannot be read", {"because": link or problem}) from None


def _mapped(path: Path, shard: Shard) -> tuple[Any, Mapping[str, int]]:
    """The bytes of a file, and where each of its tensors begins."""
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size != shard.bytes or size < 8:
            raise _damaged(path, f"it has {size:,} bytes, not {shard.bytes:,}")
        buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    length = int.from_bytes(buffer[:8], "little")
    if length > min(LARGEST_HEADER, size - 8):
        raise _damaged(path, "its header is longer than it")
    try:
        told = json.loads(buffer[8 : 8 + length])
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise _damaged(path, "its header is no JSON object")
    return buffer, {c.key: _start(c, told.get(c.key), 8 + length, size, path) for c in shard.columns if c.key}


def _start(column: Column, told: Any, begin: int, size: int, path: Path) -> int:
    dtype, shape = tensor(column)
    expected = column.bytes
    try:
        start, end = told["data_offsets"]
        sound = (told["dtype"], told["shape"]) == (dtype, shape) and 0 <= start <= end <= size - begin and end - start == expected
    except (TypeError, KeyError, ValueError):
        sound = False
    if not sound or not isinstance(start, int):
        raise _damaged(path, f"its header tells of {column.key[:60]!r} otherwise than the manifest")
    return begin + start


def _damaged(path: Path, because: str) -> FileError:
    rows = {"because": because, "the way out": "harvest again into a new folder"}
    return FileError(f"{str(path)!r} is damaged", rows)

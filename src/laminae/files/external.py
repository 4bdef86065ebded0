"""Weights in files beside the model: found inside its folder, checked, mapped. https://onnx.ai/onnx/repo-docs/ExternalData.html"""

from __future__ import annotations

import mmap
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from laminae.base.errors import FileError

KEYS = ("location", "offset", "length", "checksum", "basepath")


@dataclass
class ExternalData:
    """The files beside one model. path: the model's own file, None where it came from memory."""

    path: Path | None
    maps: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str, entries: dict[str, str], expected: int) -> tuple[Any, int]:
        """The map that holds a tensor, and where its data start.

        name: the tensor, for messages. expected: the bytes its dtype and dims ask for. Raises FileError.
        """
        place = _Place(name, self.path, entries)
        if self.path is None:
            raise place.error(
                "has its data in another file, and a model given as bytes has no folder",
                {"way out": "open the model by its path, with the data file beside it"},
            )
        offset, length = place.number("offset") or 0, place.number("length")
        buffer = self.map(place, place.file(self.path.parent))
        if length is not None and length != expected:
            raise place.error(
                "has other data than its dims ask for", {"expected": f"{expected:,} bytes", "found": f"length {length:,}"}
            )
        if offset + expected > len(buffer):
            raise place.error(
                "has data past the end of the file",
                {"expected": f"{expected:,} bytes at {offset:,}", "found": f"a file of {len(buffer):,} bytes",
                 "way out": "fetch the data file again: it is another one or was cut short"},
            )  # fmt: skip
        return buffer, offset

    def map(self, place: _Place, file: str) -> Any:
        if file not in self.maps:
            try:
                self.maps[file] = map_file(file)
            except OSError as problem:
                raise place.error(f"has its data in a file that cannot be read: {problem.strerror}", {"found": file}) from problem
        return self.maps[file]


def file_beside(path: Path, location: str, what: str) -> str:
    """The real path of a file that another one, at `path`, names. what: its use, for messages. Raises FileError where it is
    outside that one's folder, missing or no file.
    """
    return _Place(what, path, {"location": location}).file(path.parent)


def map_file(path: str | Path) -> Any:
    """A file in memory that is read when it is looked at; writing to the memory does not change the file."""
    with open(path, "rb") as opened:
        if os.fstat(opened.fileno()).st_size == 0:
            return b""
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)


@dataclass
class _Place:
    name: str
    model: Path | None
    entries: dict[str, str]

    def error(self, what: str, details: dict[str, object]) -> FileError:
        rows = {"file": self.model or "bytes", "location": self.entries.get("location", "not given"), **details}
        return FileError(f"{self.name} {what}", rows)

    def number(self, key: str) -> int | None:
        text = self.entries.get(key)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise self.error(f"has no sound {key}", {"expected": "a number of bytes", "found": repr(text[:60])})
        return int(text)

    def file(self, folder: Path) -> str:
        """The real path of the data file. Raises FileError where it is outside the model's folder or not a file."""
        location = self.entries.get("location", "")
        if not location or "\0" in location:
            raise self.error("names no data file", {"expected": "a path inside the model's folder"})
        for kind in (PurePosixPath, PureWindowsPath):
            if kind(location).anchor or ".." in kind(location).parts:
                raise self.outside("a path that leads out of it")
        candidate = folder / location
        real = os.path.realpath(candidate)
        if not os.path.lexists(candidate) or not os.path.exists(real):
            raise self.error(
                "has its data in a file that is missing",
                {"expected": candidate, "way out": "put the data file beside the model, under the name it was saved with"},
            )
        if not (_within(real, os.path.realpath(folder)) or self.in_one_cache(candidate, real)):
            raise self.outside(f"a link to {real}")
        if not stat.S_ISREG(os.stat(real).st_mode):
            raise self.error("has its data in something that is no file", {"found": candidate})
        return real

    def in_one_cache(self, candidate: Path, real: str) -> bool:
        """Whether model and data are both links into one folder, as in a Hugging Face cache (`snapshots/…` → `blobs/`)."""
        model = self.model
        if model is None or not (model.is_symlink() and candidate.is_symlink()):
            return False
        own = os.path.dirname(os.path.realpath(model))
        return os.path.dirname(real) == own and _within(os.path.realpath(candidate.parent), os.path.realpath(model.parent))

    def outside(self, found: str) -> FileError:
        return self.error(
            "has its data outside the model's folder, which is not opened",
            {"expected": "a path inside the model's folder", "found": found},
        )


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)

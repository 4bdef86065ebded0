"""A folder of activations as its one writer has it: locked, gone on with where it ended, whole after every step.

A shard is written beside its place, brought to the disk and renamed; then its line is added to the manifest and brought to the
disk. So a line is never of a file that is not there, and whatever was under way when the power went is made again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError
from laminae.files.atomic import sync_folder
from laminae.files.owned import claim, leave_nothing
from laminae.trace.disk import manifest
from laminae.trace.disk.header import differences
from laminae.trace.disk.manifest import Manifest, Shard
from laminae.trace.disk.shard import Growing

AGAIN = "run the same again: it goes on where it was"


class Folder:
    """Open with `writing`. header: what the folder is of; shards: those that are in it."""

    def __init__(self, path: Path, handle: int, found: Manifest | None) -> None:
        self.path = path
        self._handle = handle
        self._length = 0 if found is None else found.length
        self.header: Mapping[str, Any] = {} if found is None else found.header
        self.shards = [] if found is None else list(found.shards)
        self.finished = found is not None and found.finished

    @property
    def batches(self) -> int:
        return sum(len(shard.batches) for shard in self.shards)

    @property
    def samples(self) -> int:
        return sum(shard.samples for shard in self.shards)

    def begin(self, header: Mapping[str, Any]) -> None:
        """Say what the folder is of. Raises FileError telling what differs where it is of something else."""
        if self.header:
            odd = differences(self.header, header)
            if odd:
                rows = {**odd, "the way out": "the same again, or another folder"}
                raise FileError(f"{str(self.path)!r} holds what was harvested otherwise", rows)
            return
        with self._failing():
            self._append(manifest.line(header))
            sync_folder(self.path)
            sync_folder(self.path.absolute().parent)
        self.header = header

    def add(self, growing: Growing) -> None:
        """Write a shard, then its line. Raises FileError."""
        with self._failing():
            shard = growing.write(self.path / f"{len(self.shards):06d}.safetensors")
            self._append(manifest.shard_line(shard))
        self.shards.append(shard)

    def finish(self) -> None:
        """Say that all is there."""
        with self._failing():
            self._append(manifest.end_line(self.batches, self.samples))
        self.finished = True

    def _append(self, line: bytes) -> None:
        """At the end of the sound lines, whole or not at all."""
        try:
            os.ftruncate(self._handle, self._length)
            written = 0
            while written < len(line):
                written += os.pwrite(self._handle, line[written:], self._length + written)
            os.fsync(self._handle)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(self._handle, self._length)
            raise
        self._length += len(line)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            rows = {"because": problem.strerror or problem, "left behind": "nothing"}
            if self.shards:
                rows |= {"left behind": f"{self.samples:,} samples, whole", "the way out": f"make room, and {AGAIN}"}
            raise FileError(f"cannot write to {str(self.path)!r}", rows) from problem


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Folder]:
    """The folder, made where there is none, for one writer at a time.

    Raises FileError where it is another program's, where another process writes there, or where nothing can be written; what
    was there is then as it was.
    """
    folder = Path(os.fspath(path))
    handle, made = claim(folder, manifest.NAME, "folder of activations")
    opened = None
    try:
        found = manifest.parse(_content(handle, folder), str(folder))
        for shard in () if found is None else found.shards:
            _require_whole(folder, shard)
        opened = Folder(folder, handle, found)
        yield opened
    finally:
        if opened is not None and not opened.shards and not opened.finished:
            leave_nothing(folder, manifest.NAME, made)
        os.close(handle)


def _content(handle: int, folder: Path) -> bytes:
    size = os.fstat(handle).st_size
    if size > manifest.LARGEST:
        raise FileError(f"the manifest of {str(folder)!r} is too large", {"expected": f"{manifest.LARGEST:,} bytes at most"})
    return os.pread(handle, size, 0)


def _require_whole(folder: Path, shard: Shard) -> None:
    try:
        size = os.stat(folder / shard.file, follow_symlinks=False).st_size
    except OSError:
        size = -1
    if size != shard.bytes:
        found = "nothing" if size < 0 else f"{size:,} bytes"
        rows = {"expected": f"{shard.bytes:,} bytes", "found": found, "the way out": "harvest into a new folder"}
        raise FileError(f"shard {shard.file!r} of {str(folder)!r} is not as it was written", rows)

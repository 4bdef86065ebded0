"""Files written whole or not at all: beside their place, to the disk, then into it in one step."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from laminae.base.errors import FileError

CANNOT = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
"""What file systems say that do not bring a folder to the disk."""


def check_place(path: Path) -> None:
    """Raises FileError where no file can be."""
    if os.path.isdir(path):
        raise FileError(f"{str(path)!r} is a folder", {"expected": "the name of a file"})
    if "\0" in str(path):
        raise FileError(f"{str(path)!r} cannot be written", {"because": "no name of a file holds a zero byte"})
    if not os.path.isdir(path.parent):
        raise FileError(f"{str(path)!r} cannot be written", {"because": f"there is no folder {str(path.parent)!r}"})


@contextmanager
def saving(paths: Sequence[Path]) -> Iterator[list[BinaryIO]]:
    """As `replacing`, for the files of one model, the last of which bears its name. Raises FileError."""
    try:
        with replacing(paths) as files:
            yield files
    except OSError as problem:
        raise FileError(
            f"{str(paths[-1])!r} cannot be written: {problem.strerror or problem}",
            {"what was there": "is as it was" if os.path.exists(paths[-1]) else "nothing"},
        ) from problem


@contextmanager
def replacing(paths: Sequence[Path]) -> Iterator[list[BinaryIO]]:
    """Open files that take the place of `paths`, all of one folder, when the block ends well; on any exception none does.

    A file that is there keeps its mode; where there is a link, the link is replaced, not what it leads to. Whoever has the
    old file mapped or open goes on seeing it. Raises OSError.
    """
    temporary = [path.parent / f".laminae-{secrets.token_hex(6)}.tmp" for path in paths]
    files: list[BinaryIO] = []
    try:
        for path, temp in zip(paths, temporary, strict=True):
            files.append(_create(temp, path))
        yield files
        for file in files:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        _swap(list(zip(temporary, paths, strict=True)))
    finally:
        for file in files:
            with suppress(OSError):
                file.close()
        _remove(temporary)


def _create(temp: Path, path: Path) -> BinaryIO:
    """A new file with the mode of the one it will replace, otherwise what the user's umask says."""
    opened = os.fdopen(os.open(temp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666), "wb")
    try:
        if path.exists():
            os.fchmod(opened.fileno(), stat.S_IMODE(path.stat().st_mode))
    except BaseException:
        opened.close()
        raise
    return opened


def _swap(pairs: list[tuple[Path, Path]]) -> None:
    """Put each new file in its place; where one fails, those before it are put back."""
    undo: list[tuple[Path | None, Path]] = []
    try:
        for temp, path in pairs[:-1]:
            undo.append((_second_name(path), path))
            os.replace(temp, path)
        os.replace(*pairs[-1])
    except BaseException:
        for backup, path in reversed(undo):
            with suppress(OSError):
                _put_back(backup, path)
        raise
    _remove(backup for backup, _ in undo if backup is not None)
    sync_folder(pairs[-1][1].parent)


def _put_back(backup: Path | None, path: Path) -> None:
    """The old file under its name again; of two names of one file, only that one."""
    if backup is None:
        path.unlink(missing_ok=True)
    elif path.exists() and path.samefile(backup):
        backup.unlink()
    else:
        os.replace(backup, path)


def _second_name(path: Path) -> Path | None:
    """Another name for a file, to put it back by; None where there is no file."""
    if not os.path.lexists(path):
        return None
    name = path.parent / f".laminae-{secrets.token_hex(6)}.old"
    try:
        os.link(path, name, follow_symlinks=False)
    except OSError:  # a file system without hard links
        os.rename(path, name)
    return name


def sync_folder(folder: Path) -> None:
    """Make the new names last. Raises OSError, but where a file system cannot, and need not."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in CANNOT:
            raise
    finally:
        os.close(handle)


def _remove(paths: Iterator[Path] | Sequence[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)

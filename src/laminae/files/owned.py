"""A folder that one program writes, one process at a time: known by a file in it, which is the lock as well."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from laminae.base.errors import FileError

TEMPORARY = ".laminae-"
"""How names begin of what is being written."""


def claim(folder: Path, mark: str, what: str) -> tuple[int, bool]:
    """A handle on the file `mark`, locked while it is open, and whether the folder was made now.

    what: the folder, in words. What a killed writer was about to write is taken away. Raises FileError where the folder cannot be
    made or written to, where it holds what is not ours, and where another process writes there.
    """
    made = _made(folder, mark, what)
    handle = _opened(folder, mark)
    try:
        _lock(handle, folder, mark)
        _clean(folder)
    except BaseException:
        os.close(handle)
        raise
    return handle, made


def leave_nothing(folder: Path, mark: str, made: bool) -> None:
    """Take the file away that tells of nothing, and the folder if it was made for it and nobody put anything there."""
    with suppress(OSError):
        if os.listdir(folder) == [mark]:
            os.unlink(folder / mark)
        if made:
            os.rmdir(folder)


def _made(folder: Path, mark: str, what: str) -> bool:
    try:
        if os.path.lexists(folder):
            there = sorted(os.listdir(folder))
            if there and mark not in there:
                rows = {"it holds": ", ".join(there[:4]) + (", …" if len(there) > 4 else ""), "give": "a new folder"}
                raise FileError(f"{str(folder)!r} is there already, and no {what}", rows)
            return False
        os.mkdir(folder)
        return True
    except (OSError, ValueError) as problem:
        raise _unusable(folder, problem) from None


def _opened(folder: Path, mark: str) -> int:
    try:
        return os.open(folder / mark, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as problem:
        raise _unusable(folder, problem) from None


def _unusable(folder: Path, problem: Exception) -> FileError:
    reason = getattr(problem, "strerror", None) or str(problem)
    missing = not os.path.isdir(folder.absolute().parent)
    rows = {"because": f"there is no folder {str(folder.absolute().parent)!r}" if missing else reason}
    return FileError(f"{str(folder)!r} cannot be written to", rows)


def _lock(handle: int, folder: Path, mark: str) -> None:
    """Held while the file is open, and so never longer than the process lives."""
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _busy(folder) from None
    try:  # a writer that ends without anything takes its file away, maybe between our opening it and our lock
        same = os.path.samestat(os.fstat(handle), os.stat(folder / mark, follow_symlinks=False))
    except OSError:
        same = False
    if not same:
        raise _busy(folder)


def _busy(folder: Path) -> FileError:
    rows = {"the way out": "wait until it is done, or give another folder"}
    return FileError(f"another process is writing to {str(folder)!r}", rows)


def _clean(folder: Path) -> None:
    for name in os.listdir(folder):
        if name.startswith(TEMPORARY) and name.endswith((".tmp", ".old")):
            remove(folder / name)


def remove(path: Path) -> None:
    """Take away a file, or a folder with all in it; where that cannot be, it stays."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            os.unlink(path)

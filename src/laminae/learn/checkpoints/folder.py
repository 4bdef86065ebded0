"""The folder of a run as its one writer has it: what the run is of, its checkpoints, its history.

run.json                        what it is of; the lock as well
step-00000015/                  a checkpoint after 15 batches; `-epoch-0003` where an epoch ended with them
    model.safetensors           the weights: model.load("run/best")
    average.safetensors         with their running average, where one is kept
    state.safetensors           what else moves: optimiser, generators, derivatives that wait
    manifest.json               where learning was, and the SHA-256 of all this
    times.json                  how long it took: nothing depends on it
best, last                      links to checkpoints
history.jsonl, times.jsonl      a line for each epoch; how long each took stands apart, so that runs can be held together
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError
from laminae.base.learned import EpochRecord
from laminae.files.atomic import sync_folder
from laminae.files.owned import TEMPORARY, claim, leave_nothing, remove
from laminae.graph import Parameter
from laminae.learn.checkpoints import manifest, written

MARK = "run.json"
HISTORY, TIMES = "history.jsonl", "times.jsonl"
START = b'{\n "laminae": "run"'
CHECKPOINT = re.compile(r"step-(\d{8,15})(?:-epoch-(\d{4,15}))?")


def name_of(step: int, epoch: int | None) -> str:
    """Of a checkpoint after so many batches; epoch: the one that ended with them."""
    return f"step-{step:08d}" + ("" if epoch is None else f"-epoch-{epoch:04d}")


class Folder:
    """Open with `writing`. found: the checkpoints in it, oldest first; header: what the run is of, None where that is damaged.

    whole: those that are known to be whole, each with the best one that it names.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self._handle = path, handle
        self.header = _header(_content(handle), path)
        self.found = _checkpoints(path)
        self.whole: dict[str, str] = {}
        self._epochs = 0

    def begin(self, header: Mapping[str, Any]) -> None:
        """Say what the run is of; for `damaged` and empty headers. Raises FileError."""
        data = manifest.text(header)
        with self.failing("say what the run is of"):
            os.ftruncate(self._handle, 0)
            done = 0
            while done < len(data):
                done += os.pwrite(self._handle, data[done:], done)
            os.fsync(self._handle)
            sync_folder(self.path)
            sync_folder(self.path.absolute().parent)
        self.header = header

    def read(self, name: str) -> dict[str, Any]:
        """What a checkpoint says of itself. Raises FileError where it is damaged."""
        return written.read(self.path / name)

    def best_of(self, name: str) -> str:
        """The best checkpoint that another names; "" where it names none, or is damaged."""
        try:
            best = written.told(self.path / name)["best"]
        except FileError:
            return ""
        return best["checkpoint"] if best else ""

    def write(
        self,
        name: str,
        best: str,
        files: Mapping[str, Mapping[str, Parameter]],
        told: Mapping[str, Any],
        times: Mapping[str, Any],
        keep: int,
    ) -> None:
        """A checkpoint, then the links to it; then older ones go but for the last `keep` and the best they name."""
        with self.failing(f"write checkpoint {name!r}"):
            written.write(self.path / name, files, told, times)
            self.whole.pop(name, None)
            self.whole[name] = best
            self._tidy(keep)

    def tidy(self, keep: int) -> None:
        """What was to be done after the last checkpoint: the writer may have been killed before. Raises FileError."""
        with self.failing("put the checkpoints in order"):
            self._tidy(keep)

    def _tidy(self, keep: int) -> None:
        newest = next(reversed(self.whole))
        self._link("last", newest)
        if self.whole[newest]:
            self._link("best", self.whole[newest])
        kept = set(list(self.whole)[-keep:])
        kept |= {self.whole[name] for name in kept}
        for name in _checkpoints(self.path):
            if name not in kept and _order(name) < _order(newest):
                self._take_away(name)
        self.whole = {name: best for name, best in self.whole.items() if name in kept}

    def _take_away(self, name: str) -> None:
        """In one step, so that nothing half gone is taken for damaged."""
        old = self.path / f"{TEMPORARY}{secrets.token_hex(6)}.old"
        os.rename(self.path / name, old)
        remove(old)

    def _link(self, name: str, to: str) -> None:
        """A name that always means the newest, or the best. On file systems without links there is none."""
        made = self.path / f"{TEMPORARY}{secrets.token_hex(6)}.tmp"
        try:
            os.symlink(to, made)
        except OSError:
            return
        try:
            os.replace(made, self.path / name)
        except BaseException:
            remove(made)
            raise

    def history(self, records: list[EpochRecord]) -> None:
        """Bring the history to the disk: the lines that are new, or at first all. Raises FileError."""
        mode = os.O_APPEND if self._epochs else os.O_TRUNC
        new = records[self._epochs :]
        times = [{"epoch": record.epoch, "seconds": record.seconds} for record in new]
        lines = {
            HISTORY: manifest.history_lines(new),
            TIMES: b"".join(json.dumps(line).encode() + b"\n" for line in times),
        }
        with self.failing("write the history"):
            for name, data in lines.items():
                _add(self.path / name, data, mode)
        self._epochs = len(records)

    @contextmanager
    def failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            rows = {"because": problem.strerror or str(problem), **self.rows()}
            raise FileError(f"cannot {what} in {str(self.path)!r}", rows) from problem

    def rows(self) -> dict[str, str]:
        """What an error says of the checkpoints there are."""
        last = next(reversed(self.whole), None)
        if last is None:
            return {"last checkpoint": "none yet"}
        return {"last checkpoint": f"{str(self.path / last)!r}, whole", "to go on from it": "the same call with resume=True"}


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Folder]:
    """The folder of a run, made where there is none, for one writer at a time; without a checkpoint nothing of it stays.

    Raises FileError where it holds what is no run, where another process writes there, or where nothing can be written.
    """
    folder = Path(os.fspath(path))
    handle, made = claim(folder, MARK, "folder of a run")
    opened = None
    try:
        opened = Folder(folder, handle)
        yield opened
    finally:
        with suppress(OSError):
            if opened is not None and not _checkpoints(folder):
                for name in (HISTORY, TIMES):
                    remove(folder / name)
                leave_nothing(folder, MARK, made)
        os.close(handle)


def _checkpoints(folder: Path) -> list[str]:
    """Oldest first."""
    return sorted((name for name in os.listdir(folder) if CHECKPOINT.fullmatch(name)), key=_order)


def _order(name: str) -> tuple[int, int]:
    found = CHECKPOINT.fullmatch(name)
    assert found is not None
    return int(found[1]), int(found[2] or 0)


def _content(handle: int) -> bytes:
    return os.pread(handle, min(os.fstat(handle).st_size, manifest.LARGEST), 0)


def _header(data: bytes, folder: Path) -> Mapping[str, Any] | None:
    """What the run is of; None where nothing sound says it. Raises FileError where it is another program's."""
    if not (data.startswith(START) or START.startswith(data)) and not _checkpoints(folder):
        raise FileError(f"{str(folder)!r} is no folder of a run", {"because": f"its {MARK} is another program's"})
    try:
        return manifest.parse(data)
    except FileError:
        return None


def _add(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | mode, 0o666)
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)

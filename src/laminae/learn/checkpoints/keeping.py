"""Learning that is kept: checkpoints as it goes, and going on from the last whole one."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, UsageError
from laminae.learn.checkpoints import header as headers
from laminae.learn.checkpoints import written
from laminae.learn.checkpoints.folder import Folder, name_of, writing
from laminae.learn.checkpoints.state import Moving, place_of, place_told
from laminae.learn.fit import Keeper, Patience
from laminae.learn.place import Place
from laminae.trace.disk.harvest import threads


@dataclass(frozen=True)
class Keep:
    """Where checkpoints go. every: batches between two, None: at the end of each epoch. last: how many stay. resume: go on from
    the last whole one.

    Raises UsageError for what cannot be.
    """

    out: Path | None
    every: int | None = None
    last: int = 3
    resume: bool = False

    def __post_init__(self) -> None:
        for word, value in (("every", self.every), ("keep", self.last)):
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise UsageError(f"{word}={value!r} is not possible", {"expected": "a whole number, 1 or more"})
        if self.out is None and (self.resume or self.every is not None):
            word = "resume" if self.resume else "every"
            raise UsageError(f"{word} is about checkpoints, and no folder was given", {"give": "out='run'"})


@dataclass
class Kept:
    """Where learning begins or goes on, who keeps it, and what there is to say of it."""

    place: Place | None = None
    keeper: Keeper = field(default_factory=Keeper)
    notes: list[str] = field(default_factory=list)


@contextmanager
def keeping(keep: Keep, moving: Moving, told: Mapping[str, Any], patience: Patience | None) -> Iterator[Kept]:
    """The run in its folder, for as long as it is learned; without a folder nothing is kept.

    told: the header of the run. Raises FileError where the folder holds something else, a run that was not asked to go on, or one
    of something else; and where nothing in it is whole.
    """
    if keep.out is None:
        yield Kept()
        return
    with writing(keep.out) as folder, ExitStack() as within:
        if folder.found and not keep.resume:
            rows = {"it holds": f"{folder.found[-1]!r}", "to go on from it": "resume=True", "to begin anew": "another folder"}
            raise FileError(f"there is a run in {str(folder.path)!r} already", rows)
        if folder.found:
            kept = _gone_on(folder, keep, moving, told, patience, within)
        else:
            folder.begin(told)
            kept = Kept(keeper=Checkpoints(folder, keep, moving, headers.digest(told)))
        folder.history([] if kept.place is None else kept.place.epochs)
        yield kept


def _gone_on(
    folder: Folder, keep: Keep, moving: Moving, told: Mapping[str, Any], patience: Patience | None, within: ExitStack
) -> Kept:
    """From the last whole checkpoint, with as many threads as the run began with: bits depend on it."""
    there = folder.header
    if there is not None:
        headers.require_same(there, told, str(folder.path))
        told = {**told, "threads": there["threads"]}
        within.enter_context(threads(there["threads"]))
    name, found, notes = _last_whole(folder, patience is not None)
    if there is None:
        notes.append(_header_anew(folder, found, told))
    keeper = Checkpoints(folder, keep, moving, headers.digest(told))
    place = keeper.put_back(name, found, patience)
    folder.tidy(keep.last)
    for note in notes:
        warnings.warn(note, stacklevel=6)
    return Kept(place, keeper, [*notes, f"Gone on from {name!r}."])


def _header_anew(folder: Folder, found: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Where what the run is of was lost, its checkpoints still tell whether this is the same."""
    if found["run"] != headers.digest(told):
        rows = {"because": "it is damaged, and the checkpoints are of something else than this call", **headers.WAY_OUT}
        raise FileError(f"what the run in {str(folder.path)!r} is of cannot be told", rows)
    folder.begin(told)
    return "run.json was damaged, and was written again."


def _last_whole(folder: Folder, best_too: bool) -> tuple[str, dict[str, Any], list[str]]:
    """The last checkpoint that is whole (and the best one that it names); notes of those that are not.

    Those before it stay in the folder as long as they would have.
    """
    damaged: dict[str, str] = {}
    for place in range(len(folder.found) - 1, -1, -1):
        name = folder.found[place]
        try:
            found = folder.read(name)
            best = found["best"]["checkpoint"] if found["best"] else ""
            if best_too and best not in ("", name):
                _require_best(folder, best)
        except FileError as error:
            damaged[name] = error.message
            continue
        folder.whole = {older: folder.best_of(older) for older in folder.found[:place]} | {name: best}
        notes = [f"Checkpoint {odd!r} is damaged ({why}): {name!r} was used." for odd, why in damaged.items()]
        return name, found, notes
    raise FileError(f"no checkpoint in {str(folder.path)!r} is whole", damaged | {"the way out": "another folder"})


def _require_best(folder: Folder, best: str) -> None:
    try:
        folder.read(best)
    except FileError as error:
        raise FileError(f"{best!r}, the best, {error.message}") from None


class Checkpoints(Keeper):
    """Writes checkpoints, and puts back what one holds. run: the digest of what the run is of."""

    def __init__(self, folder: Folder, keep: Keep, moving: Moving, run: str) -> None:
        self.folder, self.keep, self.moving, self.run = folder, keep, moving, run
        self.best = ""

    def stepped(self, place: Place, stopped: bool) -> None:
        every = self.keep.every
        if stopped or (every is not None and self.moving.step.batches % every == 0):
            self._save(place, name_of(self.moving.step.batches, None))

    def ended(self, place: Place, better: bool, last: bool) -> None:
        name = name_of(self.moving.step.batches, len(place.epochs))
        if better:
            self.best = name
        if self.keep.every is None or better or last:
            self._save(place, name)
        self.folder.history(place.epochs)

    def way_on(self) -> str:
        return f", kept in {str(self.folder.path)!r}; resume=True goes on from there"

    def rows(self) -> dict[str, str]:
        return self.folder.rows()

    def _save(self, place: Place, name: str) -> None:
        tensors: dict[str, Any] = {}
        state = self.moving.taken(place, tensors)
        where = place_told(place)
        if where["best"]:
            where["best"]["checkpoint"] = self.best
        told = {
            "laminae": "checkpoint",
            "format": headers.FORMAT,
            "run": self.run,
            "step": self.moving.step.batches,
            **where,
            "state": state,
        }
        times = {"epochs": [record.seconds for record in place.epochs], "seconds": place.seconds}
        self.folder.write(name, self.best, self.moving.files(tensors), told, times, self.keep.last)

    def put_back(self, name: str, found: Mapping[str, Any], patience: Patience | None) -> Place:
        """All that moves as it was, and the place where it was so."""
        path = self.folder.path / name
        place = place_of(found, written.times_of(path))
        with ExitStack() as stack:
            read = {file: written.Tensors(path / file, stack) for file in found["files"]}
            self.moving.put_weights(read[written.WEIGHTS])
            if self.moving.step.average is not None:
                self.moving.put_average(read[written.AVERAGE])
            self.moving.put_back(found["state"], place, read[written.STATE])
        if found["best"]:
            self.best = found["best"]["checkpoint"]
            if patience is not None:
                patience.kept = self._of_best()
        return place

    def _of_best(self) -> dict[str, Any]:
        """The weights (their averages, where those are kept) and statistics of the best epoch, which come back at the end."""
        path = self.folder.path / self.best
        held = written.WEIGHTS if self.moving.step.average is None else written.AVERAGE
        with ExitStack() as stack:
            weights, rest = (written.Tensors(path / file, stack) for file in (held, written.STATE))
            return self.moving.kept(lambda name: (rest if name in rest else weights)(name).clone())


def keep_of(out: str | os.PathLike[str] | None, every: int | None, keep: int, resume: bool) -> Keep:
    return Keep(None if out is None else Path(os.fspath(out)), every, keep, resume)

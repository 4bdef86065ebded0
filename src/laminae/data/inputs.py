"""A dataset of inputs alone, cut into batches: whatever `samples` takes, and lists and folders of samples of unequal length."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import FileError, UsageError
from laminae.data.arrays import Arrays
from laminae.data.files import read, require_file
from laminae.data.frames import is_frame
from laminae.data.huggingface import is_huggingface
from laminae.data.interface import Samples, parts, sample_count
from laminae.data.items import stacked
from laminae.data.mapped import map_npz
from laminae.data.opening import samples
from laminae.data.source import bare
from laminae.data.stream import Stream

AS_GIVEN, BY_SHAPE = "as given", "by shape"
"""The order in which samples are run: that of the data, or shape after shape, each in the order of the data."""

EXPECTATIONS = ("y", "expected", "output", "target", "targets", "label", "labels")
"""What the arrays are called that are no input: left out where the model has no such input."""

Runs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Takes:
    """What a model takes: the names of its inputs in order, and how many axes each has (None where that is not declared)."""

    names: tuple[str, ...]
    ranks: tuple[int | None, ...]

    def arranged(self, x: Any) -> Any:
        """What a batch holds, as the model takes it: one array, a tuple in order, or a dict by name.

        Expectations are left out. Raises UsageError for arrays that are neither.
        """
        if isinstance(x, Mapping):
            return self._named(x)
        return self._placed(x) if isinstance(x, tuple) else x

    def _named(self, held: Mapping[str, Any]) -> Any:
        if len(self.names) == 1 and self.names[0] not in held:
            inputs = [key for key in held if key not in EXPECTATIONS]
            if len(inputs) == 1 and inputs[0] == "x":
                return held["x"]
        odd = [key for key in held if key not in self.names and key not in EXPECTATIONS]
        missing = [name for name in self.names if name not in held]
        if odd or missing:
            what = f"{odd[0]!r} is no input of the model" if odd else f"there is nothing for input {missing[0]!r}"
            raise UsageError(what, {"inputs": ", ".join(self.names) or "none", "found": ", ".join(map(str, held))})
        return {name: held[name] for name in self.names}

    def _placed(self, held: tuple[Any, ...]) -> Any:
        """One more than there are inputs is an expectation."""
        count = len(self.names)
        if len(held) not in (count, count + 1):
            expected = f"{count}, one for each input: {', '.join(self.names)}"
            raise UsageError(f"the data are {len(held)} arrays", {"expected": expected})
        return held[0] if count == 1 else held[:count]


@dataclass(frozen=True)
class Batch:
    """Samples that run together. ids: their places in the data, as runs (first, how many)."""

    x: Any
    ids: Runs

    @property
    def samples(self) -> int:
        return sum(count for _, count in self.ids)


@dataclass(frozen=True)
class Inputs:
    """samples: how many, None where only the end tells. order: in which they run. batches: from the beginning."""

    samples: int | None
    order: str
    batches: Callable[[], Iterator[Batch]]


def inputs(data: Any, size: int, takes: Takes) -> Inputs:
    """The batches of at most `size` samples of a dataset.

    data: an array, or a tuple or dict of several, samples along the first axis; a path to a file that `samples` takes, or to a
    folder of images, or of .npy and .npz files, a sample each; a list of samples, which may be of unequal length: those of one
    shape run together, nothing is padded; a list of batches, arrays with as many axes as the model's first input; a torch or
    Hugging Face dataset; a DataLoader or any other iterable of batches. Expectations are left out.

    Raises UsageError for anything else, and for arrays that are no inputs; FileError.
    """
    if isinstance(data, str | os.PathLike):
        data = _read(Path(os.fspath(data)))
    if isinstance(data, _Folder):
        return _folder(data.paths, size)
    if isinstance(data, list):
        whole = bool(data) and len(_shape(parts(data[0])[0])) == (takes.ranks or (None,))[0]
        return _stream(data, takes) if whole else _listed(data, size)
    if isinstance(data, Mapping | tuple) or hasattr(data, "shape"):
        return _even(Arrays(_arrays(takes.arranged(data)), None, {}), size, takes)
    if isinstance(data, Stream):
        return _stream((x for x, _ in data.batches()), takes)
    if isinstance(data, Iterable) and not (isinstance(data, Samples) or is_huggingface(data) or is_frame(data)):
        return _stream(data, takes)
    found = samples(data, labelled=False)
    return _stream((x for x, _ in found.batches()), takes) if isinstance(found, Stream) else _even(found, size, takes)


@dataclass(frozen=True)
class _Folder:
    """A folder of arrays, a file a sample, in the order of their names."""

    paths: Sequence[Path]


def _read(path: Path) -> Any:
    if path.is_dir():
        names = sorted(name for name in os.listdir(path) if not name.startswith("."))
        if not names:
            raise FileError(
                f"{str(path)!r} is no folder of samples", {"expected": "images, or .npy or .npz files", "found": "nothing"}
            )
        arrays = all(name.lower().endswith((".npy", ".npz")) for name in names)
        return _Folder([path / name for name in names]) if arrays else samples(path, labelled=False)
    if path.suffix.lower() == ".npz":
        return map_npz(path)
    if path.suffix.lower() == ".json":
        require_file(path)
        return read(path)
    return samples(path, labelled=False)


def _even(found: Samples, size: int, takes: Takes) -> Inputs:
    """Samples in the order of the data."""

    def batches() -> Iterator[Batch]:
        for at in range(0, len(found), size):
            places = np.arange(at, min(at + size, len(found)))
            yield Batch(takes.arranged(found.batch(places)[0]), ((at, len(places)),))

    return Inputs(len(found), AS_GIVEN, batches)


def _listed(given: Sequence[Any], size: int) -> Inputs:
    """Samples of one shape together, in the order of the shapes; where all are of one shape that is the order of the data."""
    shapes = [_shape(sample) for sample in given]
    order = sorted(range(len(given)), key=shapes.__getitem__)

    def batches() -> Iterator[Batch]:
        for _, group in groupby(order, key=shapes.__getitem__):
            places = list(group)
            for at in range(0, len(places), size):
                chosen = places[at : at + size]
                yield Batch(_together([given[i] for i in chosen]), _runs(chosen))

    return Inputs(len(given), AS_GIVEN if order == list(range(len(given))) else BY_SHAPE, batches)


def _folder(paths: Sequence[Path], size: int) -> Inputs:
    """A batch ends where the next sample is of another shape."""

    def batches() -> Iterator[Batch]:
        held: list[Any] = []
        done = 0
        for path in paths:
            sample = bare(read(path))
            if held and (len(held) == size or _shape(sample) != _shape(held[0])):
                yield Batch(_together(held), ((done, len(held)),))
                done, held = done + len(held), []
            held.append(sample)
        yield Batch(_together(held), ((done, len(held)),))

    return Inputs(len(paths), AS_GIVEN, batches)


def _stream(given: Iterable[Any], takes: Takes) -> Inputs:
    """Batches as they come: an array, a tuple or list of arrays, or a dict."""

    def batches() -> Iterator[Batch]:
        done = 0
        for batch in given:
            several = isinstance(batch, list) and bool(batch) and all(hasattr(part, "shape") for part in batch)
            x = takes.arranged(tuple(batch) if several else batch)
            count = sample_count(x)
            yield Batch(x, ((done, count),))
            done += count

    return Inputs(None, AS_GIVEN, batches)


def _arrays(x: Any) -> Any:
    """Lists as arrays."""
    if isinstance(x, Mapping):
        return {name: _arrays(part) for name, part in x.items()}
    if isinstance(x, tuple):
        return tuple(map(_arrays, x))
    return np.asarray(x) if isinstance(x, list) else x


def _together(chosen: Sequence[Any]) -> Any:
    """Samples of one shape along a new first axis; lists stay lists, which take the dtype of the input."""
    first = chosen[0]
    if isinstance(first, Mapping):
        return {key: _together([sample[key] for sample in chosen]) for key in first}
    if isinstance(first, tuple):
        return tuple(_together(part) for part in zip(*chosen, strict=True))
    return stacked(chosen) if hasattr(first, "shape") else list(chosen)


def _shape(sample: Any) -> tuple[Any, ...]:
    """Of an array, of lists in lists by the first of each, of several arrays one after another."""
    if isinstance(sample, Mapping | tuple):
        return tuple(_shape(part) for part in parts(sample))
    if hasattr(sample, "shape"):
        return tuple(sample.shape)
    return (len(sample), *(_shape(sample[0]) if sample else ())) if isinstance(sample, list) else ()


def _runs(places: Sequence[int]) -> Runs:
    """Numbers as runs: 3 4 5 9 is (3, 3), (9, 1)."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((place, 1))
    return tuple(found)

"""A folder of images: a subfolder for each class, decoded as they are needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import FileError, ShapeError, UsageError
from laminae.base.shapes import format_shape
from laminae.data.classes import Classes, some
from laminae.data.files import READERS
from laminae.data.image import Preparation, prepare, read_image
from laminae.data.origin import of_files

Array = np.ndarray[Any, Any]

SUFFIXES = frozenset(suffix for suffix, reader in READERS.items() if reader is read_image)

NOT_DATA = frozenset(("thumbs.db", "desktop.ini"))
"""What systems leave in folders of images; as hidden files are, it is passed over."""


@dataclass(frozen=True)
class Images:
    """x is [batch, channels, height, width] float32, or as `how` says; the expectation the id of the class, [batch] int64.

    names: paths within the folder, in order. ids: the class of each, None of images without.
    """

    folder: Path
    names: tuple[str, ...]
    ids: Array | None
    classes: Classes | None
    how: Preparation
    left_out: int = 0
    slow: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("x",)

    def __len__(self) -> int:
        return len(self.names)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        if not len(indices):
            raise UsageError("a batch of images needs at least one")
        return np.concatenate([self._image(self.names[i]) for i in np.asarray(indices).tolist()]), self.expected(indices)

    def expected(self, indices: Array) -> Any:
        return None if self.ids is None else self.ids[indices]

    def place(self, index: int) -> str:
        return repr(str(self.folder / self.names[index]))

    def origin(self) -> dict[str, Any]:
        how = {"layout": self.how.layout, "size": self.how.size, "scale": self.how.scale, "channels": self.how.channels}
        return {
            "kind": "images",
            "path": str(self.folder),
            "files": of_files(self.folder, self.names),
            "classes": list(self.classes.names) if self.classes is not None else None,
            "images": {**how, "mean": list(self.how.mean), "std": list(self.how.std)},
            "left out": self.left_out,
            "samples": len(self),
        }

    def _image(self, name: str) -> Array:
        """[1, …]. Raises ShapeError where it is not of the size of the first."""
        made = self._prepared(name)
        if made.shape != self._form:
            raise ShapeError(
                f"{str(self.folder / name)!r} is of another size than the first image",
                {
                    "expected": f"{format_shape(self._form[1:])}, as {self.names[0]!r}",
                    "found": format_shape(made.shape[1:]),
                    "give": "--size HxW, Preparation(size=(height, width)); and channels=1 or 3 where some are grey",
                },
            )
        return made

    @cached_property
    def _form(self) -> tuple[int, ...]:
        """The shape of a sample: that of the first, for every process that reads some of them."""
        form: tuple[int, ...] = self._prepared(self.names[0]).shape
        return form

    def _prepared(self, name: str) -> Array:
        path = self.folder / name
        return prepare(read_image(path, str(path)).array, self.how)


def read_images(
    folder: Path, how: Preparation, *, classes: Classes | None = None, unseen: str = "error", labelled: bool = True
) -> Images:
    """The images of a folder, in the order of their names; none is opened yet.

    labelled: each subfolder is a class, or the images lie in the folder itself and have none. classes: those that are known
    already; of other subfolders `unseen` says whether they are an error or left out ("drop"). Raises FileError, UsageError.
    """
    if not labelled:
        names = tuple(_inside(folder, folder))
        if not names:
            raise FileError(f"{str(folder)!r} has no images", {"expected": " ".join(sorted(SUFFIXES))})
        return Images(folder, names, None, None, how)
    subfolders = sorted(entry.name for entry in _entries(folder) if entry.is_dir())
    if not subfolders:
        found = f"{sum(1 for _ in _inside(folder, folder))} images, and no subfolder"
        raise FileError(f"{str(folder)!r} has no classes", {"expected": "a subfolder of images for each class", "found": found})
    _no_strangers(folder)
    inside = {name: list(_inside(folder, folder / name)) for name in subfolders}
    empty = next((name for name, images in inside.items() if not images), None)
    if empty is not None:
        raise FileError(f"{str(folder / empty)!r} has no images", {"expected": "a subfolder of images for each class"})
    known = classes or Classes(tuple(subfolders))
    kept = _seen(inside, known, unseen, folder)
    names = tuple(image for images in kept.values() for image in images)
    ids = np.repeat(known.ids(list(kept)), [len(images) for images in kept.values()])
    return Images(folder, names, ids, known, how, sum(map(len, inside.values())) - len(names))


def _seen(found: Mapping[str, list[str]], known: Classes, unseen: str, folder: Path) -> dict[str, list[str]]:
    odd = next((name for name in found if name not in known), None)
    if odd is not None and unseen != "drop":
        details = {"classes": some(known.names), "the way out": 'unseen="drop" leaves its images out'}
        raise UsageError(f"{str(folder / odd)!r} is a class that was not seen before", details)
    kept = {name: images for name, images in found.items() if name in known}
    if not kept:
        raise FileError(
            f"no subfolder of {str(folder)!r} is a known class", {"classes": some(known.names), "found": some(list(found))}
        )
    return kept


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, in order, without hidden files."""
    try:
        with os.scandir(folder) as entries:
            kept = [entry for entry in entries if not entry.name.startswith(".") and entry.name.lower() not in NOT_DATA]
    except OSError as error:
        raise FileError(f"{str(folder)!r} cannot be read", {"because": error.strerror or str(error)}) from None
    return sorted(kept, key=lambda entry: entry.name)


def _no_strangers(folder: Path) -> None:
    odd = next((entry.name for entry in _entries(folder) if not entry.is_dir()), None)
    if odd is not None:
        details = {"expected": "subfolders alone, one for each class", "found": odd}
        raise FileError(f"{str(folder)!r} holds a file beside the classes", details)


def _inside(root: Path, folder: Path, deep: int = 0) -> Iterator[str]:
    """The images in a folder and in those within it, as paths from the root. Raises FileError for a file that is none."""
    if deep > 20:
        raise FileError(f"{str(folder)!r} is too deep", {"expected": "at most 20 folders in one another: does a link lead back?"})
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _inside(root, Path(entry.path), deep + 1)
        elif Path(entry.name).suffix.lower() in SUFFIXES:
            yield str(Path(entry.path).relative_to(root))
        else:
            raise FileError(f"{entry.path!r} is no image", {"expected": " ".join(sorted(SUFFIXES))})

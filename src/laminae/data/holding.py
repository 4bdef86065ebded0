"""Samples of arrays: a pair of them, several by name, or files that hold them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from laminae.base.arrays import as_numpy
from laminae.base.errors import UsageError
from laminae.data import origin
from laminae.data.arrays import Arrays, each
from laminae.data.columns import Choices
from laminae.data.files import read, require_file
from laminae.data.mapped import map_npy, map_npz
from laminae.data.pairs import apart, as_array, one
from laminae.data.source import Pixels

GIVEN = {"kind": "arrays"}


def of_sequence(data: Sequence[Any], choices: Choices) -> Arrays:
    """A pair (x, expected), of arrays or of paths; without an expectation x alone. Raises UsageError, FileError."""
    if not choices.labelled:
        return Arrays(as_array(data) if isinstance(data, list) else tuple(map(as_array, data)), None, GIVEN)
    if len(data) != 2:
        details = {"expected": "(x, expected); several inputs as ((a, b), expected)"}
        raise UsageError(f"the data is a {type(data).__name__} of {len(data)}", details)
    paths = [Path(part) for part in data if isinstance(part, str | os.PathLike)]
    x, y = (_only(Path(part)) if isinstance(part, str | os.PathLike) else each(part, as_array) for part in data)
    if y is None:
        raise UsageError("the data has no expectation", {"found": "None", "expected": "(x, expected)"})
    made = {**GIVEN, "paths": [origin.of_file(path, whole=False) for path in paths]} if len(paths) == 2 else GIVEN
    return _labelled(x, y, choices, made)


def of_mapping(held: Mapping[str, Any], choices: Choices, made: Mapping[str, Any] = GIVEN, name: str = "the data") -> Arrays:
    """Arrays by name; `choices` say which are inputs and which the expectation. Raises UsageError where that is not clear."""
    target = choices.target
    if not (target is None or isinstance(target, str)):
        raise UsageError(f"target={target!r} names no array of {name}", {"found": ", ".join(map(str, held))})
    if isinstance(choices.columns, Sequence):
        wanted = [choices.columns] if isinstance(choices.columns, str) else [str(column) for column in choices.columns]
        held = _wanted(held, [*wanted, *([target] if target is not None and choices.labelled else [])], name)
    if not choices.labelled:
        return Arrays(each(one({key: part for key, part in held.items() if key != target}), as_array), None, made)
    x, y = apart(held, target, name)
    return _labelled(each(x, as_array), as_array(y), choices, made)


def of_file(path: Path, choices: Choices) -> Arrays:
    """The arrays of a file. Raises FileError, and UsageError where it holds no expectation."""
    name = str(path)
    if path.suffix.lower() == ".npz":
        return of_mapping(map_npz(path), choices, {"kind": "npz", **origin.of_file(path, whole=False)}, repr(name))
    if path.suffix.lower() == ".npy" and not choices.labelled:
        return Arrays(map_npy(path), None, {"kind": "npy", **origin.of_file(path, whole=False)})
    require_file(path)
    held = read(path)
    if isinstance(held, Mapping):
        return of_mapping(held, choices, {"kind": "json", **origin.of_file(path, whole=True)}, repr(name))
    if choices.labelled or isinstance(held, Pixels):
        raise UsageError(f"{name!r} holds an input but no expectation", {"give": "both: an .npz with x and y, or a second file"})
    return Arrays(as_array(held), None, {"kind": path.suffix[1:], **origin.of_file(path, whole=True)})


def _labelled(x: Any, y: Any, choices: Choices, made: Mapping[str, Any]) -> Arrays:
    """Texts become the ids of the classes that are known. Raises UsageError for one that is not among them."""
    if choices.classes is None:
        return Arrays(x, y, made)
    texts = as_numpy(y)
    if texts.dtype.kind in "biuf" or texts.ndim != 1:
        return Arrays(x, y, made, choices.classes)
    return Arrays(x, choices.classes.ids(texts.tolist()), made, choices.classes)


def _wanted(held: Mapping[str, Any], names: Sequence[str], what: str) -> dict[str, Any]:
    odd = next((name for name in names if name not in held), None)
    if odd is not None:
        raise UsageError(f"{what} has no array {odd!r}", {"found": ", ".join(map(str, held))})
    return {name: held[name] for name in names}


def _only(path: Path) -> Any:
    """One of two files: its only array."""
    if path.suffix.lower() == ".npy":
        return map_npy(path)
    held = read(path)
    if isinstance(held, Pixels):
        raise UsageError(f"{str(path)!r} is one image, no dataset", {"expected": "arrays, with samples along the first axis"})
    return next(iter(held.values())) if isinstance(held, Mapping) and len(held) == 1 else as_array(held)

"""Batches of (input, expectation) from arrays, files, or whatever gives batches already."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import ShapeError, UsageError
from laminae.data.files import read
from laminae.data.source import Rows, bare

Array = np.ndarray[Any, Any]

NAMES = (("x", "y"), ("x", "expected"), ("input", "output"), ("inputs", "targets"), ("images", "labels"), ("data", "target"))
"""What the two arrays of a file may be called."""


def batches(data: Any, batch_size: int = 64) -> Iterator[tuple[Any, Any]]:
    """Pairs (x, expected) of at most `batch_size` samples, in order; the last may be smaller.

    data: a pair of arrays with samples along the first axis (x may be a tuple or dict of several); a dict {"x": …, "y": …};
    a path to an .npz or .csv (its last column the expectation), or a pair of paths; or an iterable of batches, handed on
    as they are. Raises UsageError for anything else, ShapeError where x and expectation have other numbers of samples.
    """
    if batch_size < 1:
        raise UsageError(f"batch size {batch_size} is not possible", {"expected": "1 or more"})
    pair = loaded(data)
    if not isinstance(pair, tuple):
        return _handed_on(pair)
    x, expected = pair
    return _cut(x, expected, batch_size)


def loaded(data: Any) -> tuple[Any, Any] | Iterable[Any]:
    """The pair (x, expected) with all samples, or the iterable of batches it was given."""
    if isinstance(data, str | os.PathLike):
        return split(read(data), str(data))
    if isinstance(data, Mapping):
        return split(data, "the data")
    if isinstance(data, tuple | list) and len(data) == 2 and not _is_batches(data):
        x, y = (_only(read(part)) if isinstance(part, str | Path) else part for part in data)
        return _arrays(x), _arrays(y)
    if isinstance(data, Iterable) and not hasattr(data, "dtype"):
        return data
    raise UsageError(
        f"cannot take batches from a {type(data).__name__}",
        {"expected": "a pair (x, expected) of arrays, a path to an .npz or .csv, or an iterable of such pairs"},
    )


def split(held: Any, name: str) -> tuple[Any, Any]:
    """Input and expectation out of what a file holds. Raises UsageError where it does not say which is which."""
    if isinstance(held, Mapping):
        for x, y in NAMES:
            if x in held and y in held:
                return _arrays(held[x]), _arrays(held[y])
        if len(held) == 2:
            x, y = held.values()
            return _arrays(x), _arrays(y)
        expected = "two arrays named x and y (or " + ", ".join(" and ".join(pair) for pair in NAMES[1:]) + ")"
        raise UsageError(f"which arrays of {name!r} are input and expectation?", {"expected": expected, "found": ", ".join(held)})
    if isinstance(held, Rows) and held.array.shape[1] > 1:
        last: Array = held.array[:, -1]
        return held.array[:, :-1].astype(np.float32), last.astype(np.int64 if bool((last % 1 == 0).all()) else np.float32)
    raise UsageError(f"{name!r} holds an input but no expectation", {"give": "both: an .npz with x and y, or a second file"})


def sample_count(x: Any) -> int:
    """Samples along the first axis of an input; of several inputs they must agree. Raises ShapeError."""
    parts = list(x.values()) if isinstance(x, Mapping) else list(x) if isinstance(x, tuple) else [x]
    counts = {len(part) if getattr(part, "shape", (1,)) else 1 for part in parts}
    if len(counts) != 1:
        raise ShapeError("the inputs have other numbers of samples", {"found": ", ".join(map(str, sorted(counts)))})
    return counts.pop()


def _cut(x: Any, expected: Any, size: int) -> Iterator[tuple[Any, Any]]:
    samples, wanted = sample_count(x), sample_count(expected)
    if samples != wanted:
        raise ShapeError("input and expectation have other numbers of samples", {"input": samples, "expectation": wanted})
    return ((_part(x, at, size), _part(expected, at, size)) for at in range(0, samples, size))


def _part(held: Any, at: int, size: int) -> Any:
    if isinstance(held, Mapping):
        return {name: part[at : at + size] for name, part in held.items()}
    if isinstance(held, tuple):
        return tuple(part[at : at + size] for part in held)
    return held[at : at + size]


def _handed_on(given: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for batch in given:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise UsageError("a batch is a pair (x, expected)", {"found": type(batch).__name__})
        yield batch[0], batch[1]


def _is_batches(data: Any) -> bool:
    """Whether a list of two is two batches rather than one pair: each is itself a pair of arrays."""
    pairs = all(isinstance(part, tuple) and len(part) == 2 for part in data)
    return pairs and all(hasattr(item, "shape") for part in data for item in part) and isinstance(data, list)


def _arrays(held: Any) -> Any:
    """Lists as arrays; what is an array, a tensor, or several of them stays."""
    return np.asarray(held) if isinstance(held, list | int | float) else held


def _only(held: Any) -> Any:
    if isinstance(held, Rows):
        return held.array.astype(np.float32)
    return next(iter(held.values())) if isinstance(held, Mapping) and len(held) == 1 else bare(held)

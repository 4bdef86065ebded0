"""A slice of an array as bytes, every n-th element of it where it would be too large."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_array
from laminae.base.errors import UsageError
from laminae.base.shapes import format_shape
from laminae.see.text import plain

LARGEST = 4_000_000
"""Elements of a slice."""

PLACE = re.compile(r"-?\d{1,18}", re.ASCII)
STRETCH = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?", re.ASCII)

Place = int | slice


@dataclass(frozen=True)
class Slice:
    """data: little-endian, rows first. shape, dtype: of what is there. steps: of each axis every so manieth is there."""

    data: bytes
    shape: tuple[int, ...]
    dtype: str
    steps: tuple[int, ...]


def cut(value: Any, at: str | None = None, most: int = LARGEST) -> Slice:
    """The part of an array that `at` says: for each axis a place, `:` or `a:b`, as in `0,3,:,10:20`; all of it without.

    most: elements that are sent, LARGEST at most: of more, every n-th along the longest axes. What NumPy lacks is widened to
    float32 or int32, complex numbers are sent as their magnitude, strings as a JSON list. Raises UsageError for what is no array,
    and for places that it does not have.
    """
    if not is_array(value) and not isinstance(value, np.ndarray):
        raise UsageError("there is no array to be cut", {"found": _kind(value)})
    places = _places(at, tuple(value.shape))
    shape = [len(range(*place.indices(size))) for place, size in _kept(places, value.shape)]
    steps = thinned(shape, max(1, min(most, LARGEST)))
    chosen = iter(steps)
    index = tuple(slice(p.start, p.stop, next(chosen)) if isinstance(p, slice) else p for p in places)
    part = as_numpy(value[index] if index else value)
    data, dtype = _packed(part)
    return Slice(data, tuple(part.shape), dtype, steps)


def thinned(shape: Sequence[int], most: int) -> tuple[int, ...]:
    """Of each axis every how manieth is kept, so that at most so many elements are: the longest axes are thinned first."""
    steps = [1] * len(shape)
    left = list(shape)
    while math.prod(left) > most:
        axis = max(range(len(left)), key=left.__getitem__)
        others = math.prod(left) // left[axis]
        second = max((size for i, size in enumerate(left) if i != axis), default=1)
        room = max(most // others if others <= most else 1, min(second, left[axis] - 1), 1)
        steps[axis] = max(steps[axis] + 1, -(-shape[axis] // room))
        left[axis] = -(-shape[axis] // steps[axis])
    return tuple(steps)


def _places(at: str | None, shape: tuple[int, ...]) -> tuple[Place, ...]:
    texts = [":"] * len(shape) if at is None else at.split(",") if at else []
    if len(texts) != len(shape):
        raise UsageError(
            f"at={(at or '')[:60]!r} is of {len(texts)} axes", {"expected": f"{len(shape)}, of {format_shape(shape)}"}
        )
    return tuple(_place(text.strip(), axis, size) for axis, (text, size) in enumerate(zip(texts, shape, strict=True)))


def _place(text: str, axis: int, size: int) -> Place:
    if PLACE.fullmatch(text):
        place = int(text)
        if not -size <= place < size:
            raise UsageError(f"axis {axis} has no place {place}", {"its size": size})
        return place % size
    found = STRETCH.fullmatch(text)
    if found is None:
        raise UsageError(f"at= says {text[:40]!r} of axis {axis}", {"expected": "a place, : or a:b"})
    start, stop, _ = slice(*(None if part is None else int(part) for part in found.groups())).indices(size)
    return slice(start, max(start, stop))


def _kept(places: Sequence[Place], shape: Sequence[int]) -> list[tuple[slice, int]]:
    return [(place, size) for place, size in zip(places, shape, strict=True) if isinstance(place, slice)]


def _packed(part: np.ndarray[Any, Any]) -> tuple[bytes, str]:
    if part.dtype.kind in "OUS":
        return _texts(part), "string"
    wide = plain(part)
    if wide.dtype.kind == "c":
        wide = np.abs(wide)
    if wide.dtype == np.float16:
        wide = wide.astype(np.float32)
    little = wide.astype(wide.dtype.newbyteorder("<"), copy=False) if sys.byteorder == "big" else wide
    return little.tobytes(), wide.dtype.name


def _texts(part: np.ndarray[Any, Any]) -> bytes:
    import json

    texts = [text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text) for text in part.ravel().tolist()]
    return json.dumps(texts).encode()


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"a sequence of {len(value)}" if isinstance(value, list | tuple) else f"a {type(value).__name__}"

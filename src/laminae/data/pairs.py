"""Which of several arrays are the input, and which is the expectation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from laminae.base.errors import UsageError
from laminae.data.source import Rows

NAMES = (("x", "y"), ("x", "expected"), ("input", "output"), ("inputs", "targets"), ("images", "labels"), ("data", "target"))
"""What the two arrays of a file may be called where nobody says which is which."""


def pair(held: Any, target: str | None, what: str, *, labelled: bool = True) -> tuple[Any, Any]:
    """Input and expectation of a batch: a pair, or a dict with names. Raises UsageError for what is neither."""
    if isinstance(held, Mapping):
        return apart(held, target, what) if labelled else (one(held), None)
    if not labelled:
        return (tuple(held) if isinstance(held, list) and all(hasattr(part, "shape") for part in held) else held), None
    if not isinstance(held, tuple | list) or len(held) != 2:
        found = f"{type(held).__name__} of {len(held)}" if isinstance(held, tuple | list) else type(held).__name__
        raise UsageError(f"{what} is no pair (x, expected)", {"found": found, "expected": "(x, expected)"})
    return held[0], held[1]


def apart(held: Mapping[str, Any], target: str | None, what: str) -> tuple[Any, Any]:
    """The array named `target`, or the one whose name says so, is the expectation; the others are inputs."""
    if target is not None:
        if target not in held:
            raise UsageError(f"{what} has no array {target!r} to expect", {"found": ", ".join(map(str, held))})
        rest = {name: part for name, part in held.items() if name != target}
        if not rest:
            raise UsageError(f"{what} has an expectation but no input", {"found": ", ".join(map(str, held))})
        return one(rest), held[target]
    for x, y in NAMES:
        if x in held and y in held:
            return held[x], held[y]
    if len(held) == 2:
        x, y = held.values()
        return x, y
    expected = 'target="…", or two arrays named x and y (or ' + ", ".join(" and ".join(names) for names in NAMES[1:]) + ")"
    raise UsageError(
        f"which arrays of {what} are input and expectation?", {"expected": expected, "found": ", ".join(map(str, held))}
    )


def one(held: Mapping[str, Any]) -> Any:
    """The array itself where there is but one."""
    return next(iter(held.values())) if len(held) == 1 else dict(held)


def as_array(held: Any) -> Any:
    """Lists as arrays, lines of numbers in float32; what is an array, a tensor, or several of them stays.

    Raises UsageError for lists of unequal lengths.
    """
    if isinstance(held, Rows):
        return held.array.astype(np.float32)
    if not isinstance(held, list | int | float):
        return held
    try:
        return np.asarray(held)
    except ValueError as error:
        reason = str(error).split("\n")[0]
        raise UsageError("cannot take batches from this list", {"because": reason, "expected": "lists of one length"}) from None

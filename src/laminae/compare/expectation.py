"""An output held against its expectation: per sample right or wrong, and the worst element."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_array
from laminae.base.dtypes import CODES, dtype_name
from laminae.base.errors import DTypeError, ShapeError, UsageError
from laminae.base.records import ATOL, RTOL, OutputComparison, SampleComparison
from laminae.base.shapes import format_shape

Array = np.ndarray[Any, Any]


def compare(found: Mapping[str, Any], expected: Any, *, rtol: float = RTOL, atol: float = ATOL) -> tuple[OutputComparison, ...]:
    """Each output beside its expectation. An element is right where |found − expected| ≤ atol + rtol · |expected|.

    found: outputs by name, in order. expected: one array, a sequence in the order of the outputs, or a mapping by name,
    which may leave outputs out. Computed in float64 (complex128), whole numbers past 2^53 exactly. NaN is right where NaN
    is expected, an infinity where the same one is, a text where it is the same. A sequence output is compared part by
    part, as `name[0]`, `name[1]`; a map by the values of its keys. Raises ShapeError where shapes or lengths differ: they
    are never broadcast; DTypeError where texts meet numbers; UsageError where the outputs and the expectations cannot be
    paired.
    """
    limits = tolerance("rtol", rtol), tolerance("atol", atol)
    return tuple(one for name, want in _pairs(found, expected) for one in _output(name, found[name], want, *limits))


def times_allowed(error: Array | float, allowed: Array | float) -> Any:
    """How many times what is allowed an error is: 0 where there is no error, infinite where nothing is allowed."""
    with np.errstate(all="ignore"):
        over = np.divide(error, allowed)
    return np.where(np.equal(error, 0), 0.0, np.where(np.isnan(over), np.inf, over))


def tolerance(name: str, given: Any) -> float:
    """A tolerance that is one. Raises UsageError."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise UsageError(f"{name} {given!r} is no tolerance", {"expected": "a number, 0 or more"})
    return number


def _pairs(found: Mapping[str, Any], expected: Any) -> list[tuple[str, Any]]:
    """Outputs and what is expected of them, by name or in order."""
    names = list(found)
    outputs = {"outputs": ", ".join(map(repr, names)) or "none"}
    if isinstance(expected, Mapping):
        for key in expected:
            if key not in found:
                raise UsageError(f"the model has no output {key!r}", outputs)
        pairs = list(expected.items())
    elif len(names) == 1:
        pairs = [(names[0], expected)]
    elif isinstance(expected, list | tuple) and len(expected) == len(names):
        pairs = list(zip(names, expected, strict=True))
    else:
        given = f"{len(expected)} parts" if isinstance(expected, list | tuple) else "one array"
        way = {"give": f"a list of {len(names)}, or a dict by name"}
        raise UsageError(f"the model has {len(names)} outputs, the expectation is {given}", {**way, **outputs})
    if not pairs:
        raise UsageError("there is no expectation", outputs)
    return pairs


def _output(name: str, found: Any, expected: Any, rtol: float, atol: float) -> list[OutputComparison]:
    """One comparison; of a sequence one for each part."""
    if isinstance(found, list | tuple):
        return _sequence(name, found, expected, rtol, atol)
    if isinstance(found, Mapping):
        return _output(name, np.asarray(list(found.values())), _map_values(name, found, expected), rtol, atol)
    if found is None and expected is None:
        return [_without_elements(name, "nothing, as expected")]
    if found is None:
        raise ShapeError(f"output {name!r} is nothing", {"expectation": type(expected).__name__})
    if expected is None:
        raise UsageError(f"the expectation of output {name!r} is None", {"to leave it out": "give the others in a dict by name"})
    return [
        _array(name, elements(f"output {name!r}", found), elements(f"the expectation of output {name!r}", expected), rtol, atol)
    ]


def _sequence(name: str, found: Sequence[Any], expected: Any, rtol: float, atol: float) -> list[OutputComparison]:
    stacked = (isinstance(expected, np.ndarray) or is_array(expected)) and expected.ndim > 0
    parts = list(expected) if stacked or isinstance(expected, list | tuple) else None
    if parts is None or len(parts) != len(found):
        given = type(expected).__name__ if parts is None else f"{len(parts)} parts"
        raise ShapeError(f"output {name!r} is a sequence of {len(found)}", {"expectation": given, "give": "a list of as many"})
    if not parts:
        return [_without_elements(name, "an empty sequence, as expected")]
    pairs = enumerate(zip(found, parts, strict=True))
    return [one for i, (part, want) in pairs for one in _output(f"{name}[{i}]", part, want, rtol, atol)]


def _map_values(name: str, found: Mapping[Any, Any], expected: Any) -> list[Any]:
    if not isinstance(expected, Mapping) or set(expected) != set(found):
        given = sorted(map(repr, expected)) if isinstance(expected, Mapping) else [type(expected).__name__]
        raise ShapeError(
            f"output {name!r} is a map of other keys than its expectation",
            {"output": ", ".join(map(repr, found)), "expectation": ", ".join(given)},
        )
    return [expected[key] for key in found]


def _without_elements(name: str, text: str) -> OutputComparison:
    return OutputComparison(name, True, 0.0, (), None, None, 0.0, 0, 0, text=text)


def elements(what: str, held: Any) -> Array:
    """Numbers as an array NumPy knows, texts as objects. Raises ShapeError for ragged lists, DTypeError for anything else."""
    try:
        array = as_numpy(_bare(held))
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n")[0]
        way = {"because": reason, "give": "an array, a tensor, or lists of equal lengths"}
        raise ShapeError(f"{what} cannot be made one array", way) from None
    if array.dtype.kind in "US":
        return (np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array).astype(object)
    if array.dtype == object:
        return _texts(what, array)
    if array.dtype.kind in "fc" and array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if array.dtype.kind not in "biufc" and dtype_name(array) not in CODES:
        raise DTypeError(f"{what} cannot be compared", {"expected": "numbers or texts", "found": array.dtype})
    return array


def _bare(held: Any) -> Any:
    """Lists whose tensors are NumPy's arrays."""
    if isinstance(held, list | tuple):
        return [_bare(part) for part in held]
    return as_numpy(held) if is_array(held) else held


def _texts(what: str, array: Array) -> Array:
    flat = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in array.reshape(-1).tolist()]
    if not all(isinstance(text, str) for text in flat):
        odd = next((i for i, held in enumerate(flat) if not isinstance(held, str | int | float)), 0)
        at = [int(i) for i in np.unravel_index(odd, array.shape)]
        raise DTypeError(f"{what} cannot be compared", {"expected": "numbers or texts", "found": f"{flat[odd]!r} at {at}"})
    made = np.empty(len(flat), object)
    made[:] = flat
    return made.reshape(array.shape)


def _array(name: str, found: Array, expected: Array, rtol: float, atol: float) -> OutputComparison:
    if found.shape != expected.shape:
        raise ShapeError(
            f"output {name!r} and its expectation have other shapes",
            {
                "output": format_shape(found.shape),
                "expectation": format_shape(expected.shape),
                "note": "shapes are never broadcast here",
            },
        )
    if found.size and (found.dtype == object) != (expected.dtype == object):
        given = {"output": dtype_name(found), "expectation": dtype_name(expected)}
        raise DTypeError(f"output {name!r} and its expectation are texts and numbers", given)
    error, allowed = errors(found, expected, rtol, atol)
    right = (error <= allowed) & np.isfinite(error)
    shape = found.shape or (1,)
    several = [array.reshape(shape) for array in (found, expected, error, allowed, right)]
    at = _place(int(_worst(error.reshape(1, -1), allowed.reshape(1, -1))[0]), found.shape) if error.size else ()
    return OutputComparison(
        name,
        correct=bool(right.all()),
        worst=float(error[at]) if error.size else 0.0,
        at=at,
        found=_item(found, at) if error.size else None,
        expected=_item(expected, at) if error.size else None,
        allowed=float(allowed[at]) if error.size else 0.0,
        wrong_elements=int(right.size - right.sum()),
        elements=int(right.size),
        samples=_samples(*several),
    )


def _item(array: Array, at: tuple[int, ...]) -> Any:
    value = array[at]
    return value.item() if hasattr(value, "item") else value


def errors(found: Array, expected: Array, rtol: float, atol: float) -> tuple[Array, Array]:
    """|found − expected| and what is allowed, element by element; 0 where both are the same NaN, infinity or text."""
    if object in (found.dtype, expected.dtype):
        return np.where(found == expected, 0.0, np.inf), np.zeros(found.shape)
    wide = np.complex128 if "c" in (found.dtype.kind, expected.dtype.kind) else np.float64
    a, b = _wide(found, wide), _wide(expected, wide)
    with np.errstate(invalid="ignore", over="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        error = np.where(same, 0.0, np.abs(a - b))
        allowed = np.where(np.isfinite(b), atol + rtol * np.abs(b), 0.0)
    error = np.where(np.isnan(error), np.inf, error)
    long = any(array.dtype.kind in "iu" and array.dtype.itemsize == 8 for array in (found, expected))
    return (_exact(found, expected, a, b, error) if long and wide is np.float64 else error), allowed


def _wide(array: Array, wide: Any) -> Array:
    return (array.astype(np.float64) if array.dtype.kind == "V" else array).astype(wide)


def _exact(found: Array, expected: Array, a: Array, b: Array, error: Array) -> Array:
    """float64 has 53 bits: the difference of whole numbers that are larger and near one another is taken by fractions."""
    largest = np.maximum(np.abs(a), np.abs(b))
    near = (largest >= 2.0**53) & np.isfinite(largest) & (error <= largest * 2.0**-30)
    if found.dtype.kind in "iu" and expected.dtype.kind in "iu":
        near &= found != expected
    exact, ours, theirs = error.reshape(-1).copy(), found.reshape(-1), expected.reshape(-1)
    for i in np.flatnonzero(near):
        exact[i] = float(abs(Fraction(ours[i].item()) - Fraction(theirs[i].item())))
    return exact.reshape(error.shape)


def _worst(error: Array, allowed: Array) -> Array:
    """In each row [rows, elements], the place of the element that oversteps most; of equals, that of the larger error."""
    over = times_allowed(error, allowed)
    best = over == over.max(axis=1, keepdims=True)
    at: Array = np.argmax(np.where(best, error, -1.0), axis=1)
    return at


def _place(at: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(at, shape))


def _samples(found: Array, expected: Array, error: Array, allowed: Array, right: Array) -> tuple[SampleComparison, ...]:
    """Along the first axis."""
    if not error.size:
        return tuple(SampleComparison(i, True, 0.0, (), found[i], expected[i]) for i in range(len(error)))
    rows, shape = error.reshape(len(error), -1), error.shape[1:]
    at = _worst(rows, allowed.reshape(len(error), -1))
    worst = rows[np.arange(len(rows)), at].tolist()
    correct = np.all(right.reshape(len(error), -1), axis=1).tolist()
    return tuple(
        SampleComparison(i, correct[i], worst[i], _place(place, shape), found[i], expected[i])
        for i, place in enumerate(at.tolist())
    )

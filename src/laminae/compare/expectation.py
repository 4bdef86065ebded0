"""An output held against its expectation: per sample right or wrong, and the worst element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import ShapeError, UsageError
from laminae.base.records import ATOL, RTOL, OutputComparison, SampleComparison
from laminae.base.shapes import format_shape


def compare(found: Mapping[str, Any], expected: Any, *, rtol: float = RTOL, atol: float = ATOL) -> tuple[OutputComparison, ...]:
    """Each output beside its expectation. An element is right where |found − expected| ≤ atol + rtol · |expected|.

    found: outputs by name, in order. expected: one array, a sequence in the order of the outputs, or a mapping by name.
    NaN is right where NaN is expected, and infinities where the same one is. Raises ShapeError where shapes differ: they
    are never broadcast.
    """
    pairs = _pairs(found, expected)
    return tuple(_output(name, as_numpy(found[name]), _array(want), rtol, atol) for name, want in pairs)


def _pairs(found: Mapping[str, Any], expected: Any) -> list[tuple[str, Any]]:
    names = list(found)
    if isinstance(expected, Mapping):
        unknown = [key for key in expected if key not in found]
        if unknown and len(expected) == len(names) and len(unknown) == len(expected):
            return list(zip(names, expected.values(), strict=True))
        if unknown:
            raise UsageError(f"the model has no output {unknown[0]!r}", {"outputs": ", ".join(map(repr, names))})
        return list(expected.items())
    if len(names) == 1:
        return [(names[0], expected)]
    if not isinstance(expected, Sequence) or len(expected) != len(names):
        raise UsageError(
            f"the model has {len(names)} outputs, the expectation is one array",
            {"give": f"a list of {len(names)}, or a dict by name", "outputs": ", ".join(map(repr, names))},
        )
    return list(zip(names, expected, strict=True))


def _array(expected: Any) -> np.ndarray[Any, Any]:
    return as_numpy(expected) if hasattr(expected, "dtype") else np.asarray(expected)


def _output(name: str, found: Any, expected: Any, rtol: float, atol: float) -> OutputComparison:
    if found.shape != expected.shape:
        raise ShapeError(
            f"output {name!r} and its expectation have other shapes",
            {
                "output": format_shape(found.shape),
                "expectation": format_shape(expected.shape),
                "note": "shapes are never broadcast here",
            },
        )
    error, allowed = _errors(found, expected, rtol, atol)
    wrong = ~(error <= allowed)
    worst = _worst(error, allowed)
    return OutputComparison(
        name,
        correct=not wrong.any(),
        worst=float(error[worst]) if error.size else 0.0,
        at=worst,
        found=found[worst].item() if error.size else None,
        expected=expected[worst].item() if error.size else None,
        allowed=float(allowed[worst]) if error.size else 0.0,
        wrong_elements=int(wrong.sum()),
        elements=int(wrong.size),
        samples=_samples(found, expected, error, allowed),
    )


def _errors(found: Any, expected: Any, rtol: float, atol: float) -> tuple[Any, Any]:
    """|found − expected| and what is allowed, element by element; 0 where both are the same NaN or infinity."""
    if found.dtype == object or expected.dtype == object:
        return np.where(found == expected, 0.0, np.inf), np.zeros(found.shape)
    wide = np.complex128 if "c" in (found.dtype.kind, expected.dtype.kind) else np.float64
    if found.dtype.kind in "iu" and expected.dtype.kind in "iu":
        wide = np.longdouble  # type: ignore[assignment]
    a, b = found.astype(wide), expected.astype(wide)
    with np.errstate(invalid="ignore", over="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        error = np.where(same, 0.0, np.abs(a - b))
        allowed = np.where(np.isfinite(b), atol + rtol * np.abs(b), 0.0)
    return np.where(np.isnan(error), np.inf, error), allowed


def _worst(error: Any, allowed: Any) -> tuple[int, ...]:
    """The element that oversteps most what is allowed."""
    if not error.size:
        return ()
    with np.errstate(invalid="ignore", divide="ignore"):
        over = np.where(error == 0, 0.0, error / np.maximum(allowed, np.finfo(np.float64).tiny))
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(over)), error.shape))


def _samples(found: Any, expected: Any, error: Any, allowed: Any) -> tuple[SampleComparison, ...]:
    """Along the first axis; an output of rank 0 is one sample."""
    if found.ndim == 0:
        found, expected, error, allowed = found[None], expected[None], error[None], allowed[None]
    samples = []
    for i in range(len(error)):
        at = _worst(error[i], allowed[i])
        samples.append(
            SampleComparison(
                i,
                bool((error[i] <= allowed[i]).all()),
                float(error[i][at]) if error[i].size else 0.0,
                at,
                found[i],
                expected[i],
            )
        )
    return tuple(samples)

"""How far two arrays are apart, as numbers: the rules of an expectation, and the measures of a signal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.differences import Difference
from laminae.base.errors import ShapeError
from laminae.compare.expectation import elements, errors, times_allowed

Array = np.ndarray[Any, Any]


def difference(found: Any, expected: Any, rtol: float, atol: float) -> Difference:
    """Two values of one shape, `expected` being what `found` should be; of sequences and maps the part that is furthest off.

    Raises ShapeError where shapes, lengths or keys differ, DTypeError where texts meet numbers.
    """
    if isinstance(found, list | tuple | Mapping) or isinstance(expected, list | tuple | Mapping):
        return _parts(found, expected, rtol, atol)
    if found is None or expected is None:
        if found is not None or expected is not None:
            raise ShapeError("a value meets nothing", {"found": type(found).__name__, "expected": type(expected).__name__})
        return Difference(True)
    if _same_bits(found, expected):
        return Difference(True, cosine=1.0, elements=int(found.numel()))
    a, b = elements("the value", found), elements("the expectation", expected)
    if a.shape != b.shape:
        raise ShapeError("shapes differ", {"found": list(a.shape), "expected": list(b.shape)})
    return _difference(a, b, rtol, atol)


def noise(one: Difference) -> float:
    """How large an error is beside the values: −snr, so that the largest is the worst."""
    return -one.snr if one.elements else -math.inf


def _same_bits(found: Any, expected: Any) -> bool:
    """Cheaply: the same tensor, or equal ones without NaN."""
    alike = is_tensor(found) and is_tensor(expected) and found.dtype == expected.dtype and found.device == expected.device
    return alike and found.shape == expected.shape and bool(torch.equal(found, expected))


def _parts(found: Any, expected: Any, rtol: float, atol: float) -> Difference:
    if isinstance(found, Mapping) and isinstance(expected, Mapping) and set(found) == set(expected):
        pairs = [(found[key], expected[key]) for key in expected]
    elif isinstance(found, list | tuple) and isinstance(expected, list | tuple) and len(found) == len(expected):
        pairs = list(zip(found, expected, strict=True))
    else:
        raise ShapeError("sequences or maps that differ", {"found": _size(found), "expected": _size(expected)})
    parts = [difference(one, other, rtol, atol) for one, other in pairs]
    return max(parts, key=lambda part: (not part.correct, noise(part)), default=Difference(True))


def _size(held: Any) -> str:
    return f"{len(held)} parts" if isinstance(held, list | tuple | Mapping) else type(held).__name__


def _difference(found: Array, expected: Array, rtol: float, atol: float) -> Difference:
    if not found.size:
        return Difference(True)
    error, allowed = errors(found, expected, rtol, atol)
    right = (error <= allowed) & np.isfinite(error)
    at = tuple(int(i) for i in np.unravel_index(int(np.argmax(times_allowed(error, allowed))), error.shape))
    cosine, snr, relative = _signal(found, expected, error)
    return Difference(
        correct=bool(right.all()),
        max_abs=float(error.max()),
        max_rel=relative,
        cosine=cosine,
        snr=snr,
        wrong=1.0 - float(np.mean(right)),
        elements=int(right.size),
        at=at,
        found=_item(found[at]),
        expected=_item(expected[at]),
    )


def _signal(found: Array, expected: Array, error: Array) -> tuple[float | None, float, float]:
    """Cosine, signal to noise in dB, largest relative error; of texts and where anything is not finite as far as they go."""
    if object in (found.dtype, expected.dtype):
        return None, -math.inf if error.any() else math.inf, 0.0
    wide = np.complex128 if "c" in (found.dtype.kind, expected.dtype.kind) else np.float64
    a, b = (_wide(array, wide) for array in (found, expected))
    with np.errstate(all="ignore"):
        size = np.abs(b)
        known = size > 0
        relative = float(np.max(error[known] / size[known], initial=0.0))
        power, noise_power = float(np.sum(size * size)), float(np.sum(error * error))
        lengths = math.sqrt(float(np.sum(np.abs(a) ** 2))) * math.sqrt(power) if np.isfinite(power) else math.nan
        cosine = float(np.real(np.sum(a * np.conj(b)))) / lengths if lengths else None
    snr = math.inf if noise_power == 0 else _decibels(power, noise_power)
    return (None if cosine is None or math.isnan(cosine) else cosine), snr, relative


def _wide(array: Array, wide: Any) -> Array:
    return (array.astype(np.float64) if array.dtype.kind == "V" else array).astype(wide)


def _decibels(power: float, noise_power: float) -> float:
    if not math.isfinite(noise_power) or not math.isfinite(power) or power == 0:
        return -math.inf
    return 10 * math.log10(power / noise_power)


def _item(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value

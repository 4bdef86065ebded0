"""Words and numbers as they stand in tables and drawings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def clean(text: str) -> str:
    """On one line and without control characters: a name from a file cannot move the cursor or break a table."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def shorten(text: str, width: int) -> str:
    """At most `width` characters, with `…` in the middle: both ends of a name tell it apart."""
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail = (width - 1 + 1) // 2
    return text[: width - 1 - tail] + "…" + text[-tail:]


def number(value: Any, digits: int = 4) -> str:
    """A number in a few significant digits; what is not a number as it is."""
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, complex | np.complexfloating):
        return f"{complex(value):.{digits}g}"
    try:
        real = float(value)
    except (TypeError, ValueError):
        return shorten(clean(str(value)), 24)
    if math.isnan(real):
        return "NaN"
    if math.isinf(real):
        return "Inf" if real > 0 else "-Inf"
    if real == int(real) and abs(real) < 10**6:
        return str(int(real))
    if 10**digits <= abs(real) < 10**6:
        return str(round(real))
    return f"{real:.{digits}g}"


def together(values: np.ndarray[Any, Any], digits: int = 6) -> list[str]:
    """Numbers that stand in one row: rounded to `digits` digits of the largest, so that rounding noise beside it reads 0."""
    flat = values.reshape(-1)
    if flat.dtype.kind in "bOUSc" or flat.dtype.kind in "iu":
        return [number(v) for v in flat.tolist()]
    wide = flat.astype(np.float64)
    finite = np.abs(wide[np.isfinite(wide)])
    top = float(finite.max()) if finite.size else 0.0
    if top == 0.0:
        return [number(v) for v in wide.tolist()]
    places = digits - 1 - math.floor(math.log10(top))
    return [number(round(v, places) if math.isfinite(v) else v) for v in wide.tolist()]


def memory(size: int | None) -> str:
    """`36 B`, `1.2 kB`, `98 MB`; a kB is 1000 bytes."""
    if size is None:
        return ""
    if size < 1000:
        return f"{size} B"
    amount, units = size / 1000, ["kB", "MB", "GB", "TB"]
    while amount >= 999.5 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.1f} {units[0]}" if amount < 9.95 else f"{amount:.0f} {units[0]}"


def amount(number_of: int | None) -> str:
    """`816`, `12.3 k`, `87.2 M`, `1.23 G`: three digits; `–` where it is not known."""
    if number_of is None:
        return "–"
    size, units = float(number_of), ["", " k", " M", " G", " T", " P"]
    while size >= 999.5 and len(units) > 1:
        size /= 1000
        units.pop(0)
    places = 0 if units[0] == "" or size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{size:.{places}f}{units[0]}"


def count(number_of: int, noun: str) -> str:
    """`1 layer`, `2 layers`."""
    return f"{number_of:,} {noun}{'' if number_of == 1 else 's'}"


def plain(array: Any) -> np.ndarray[Any, Any]:
    """As an array NumPy can compute with: the dtypes it lacks become float32 or int32."""
    found: np.ndarray[Any, Any] = np.asarray(array)
    if found.dtype.kind in "biufcOUS" and found.dtype.isbuiltin != 2:  # float8_e5m2 says that it is of NumPy's floats
        return found
    return found.astype(np.int32 if "int" in str(found.dtype) else np.float32)

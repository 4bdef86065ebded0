"""Numbers as JSON has them: what is not finite stands as the word that JavaScript's Number() takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from laminae.base.records import Histogram, Statistics


def finite(value: Any) -> Any:
    """Numbers, texts, None, and lists and dicts of them; `"NaN"`, `"Infinity"` and `"-Infinity"` for what JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def statistics_json(found: Statistics | None) -> dict[str, Any] | None:
    """None where there are none."""
    if found is None or found.zeros is None:
        return None
    told = {name: getattr(found, name) for name in ("mean", "std", "min", "max", "zeros", "nan", "inf")}
    return finite(told)  # type: ignore[no-any-return]


def histogram_json(found: Histogram) -> dict[str, Any] | None:
    """Counts between low and high; None where nothing was counted."""
    if not any(found.counts):
        return None
    return {"counts": list(found.counts), "low": found.edges[0], "high": found.edges[-1], "others": found.others}

"""Saturated layers: activations at their limits, numbers near those of their dtype."""

from __future__ import annotations

from collections.abc import Iterator

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.base.errors import LaminaeError
from laminae.base.findings import WARNING, Finding
from laminae.compare.hunt.gauge import Gauge
from laminae.compare.hunt.look import COMPUTING, look_of
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.turns import Turn

KIND = "saturated"

EXTREME = 0.999
"""Share of a dtype's largest number that is written there on purpose, by a mask."""


def saturated(sight: Sight) -> Iterator[Finding]:
    """Warnings. The model's own outputs may be sure of themselves: of them only the limits of their dtype are looked at."""
    for turn in sight.turns:
        g = turn.output
        if g is None or not g.finite or not g.size:
            continue
        if turn.kind == "quantization" and g.dtype in ("int8", "uint8"):
            yield from _whole_numbers(sight, turn, g)
        elif g.is_float and g.size >= sight.thresholds.elements:
            found = (None if turn.is_output else _activation(sight, turn, g)) or _near_limit(sight, turn, g)
            if found is not None:
                yield found


def _activation(sight: Sight, turn: Turn, g: Gauge) -> Finding | None:
    least = sight.thresholds.saturated
    if g.sure >= least:
        text = f"in {g.sure:.0%} of its rows one number is all there is: whatever the others are, nothing is learned from them."
        advice = "look at the scale of what goes in; a temperature or a scale of 1/√d before it"
        return _finding(turn, f"{g.sure:.0%} of rows are one-hot", text, advice, {"share": g.sure})
    look = look_of(turn.layer)
    share = g.at_low + g.at_high
    if (look.low is None and look.high is None) or share < least or look.rows is not None:
        return None
    parts = ((g.at_low, look.low), (g.at_high, look.high))
    ends = " and ".join(f"{part:.0%} at {end:g}" for part, end in parts if part and end is not None)
    text = f"{share:.0%} of its values are at its limits ({ends}): it hands on little more than a sign, and no derivative."
    evidence = {"share": share, "at low": g.at_low, "at high": g.at_high}
    return _finding(
        turn, f"{share:.0%} at its limits", text, "scale what goes in: normalize before it, or smaller weights", evidence
    )


def _near_limit(sight: Sight, turn: Turn, g: Gauge) -> Finding | None:
    """A value that will soon be Inf; what masks write on purpose is left out."""
    if turn.kind not in COMPUTING:
        return None
    try:
        limit = float(torch.finfo(torch_dtype(g.dtype)).max)
    except (LaminaeError, TypeError):
        return None
    masked = any(r is not None and r.gauge is not None and r.gauge.largest >= EXTREME * limit for r in turn.reads)
    if masked or not sight.thresholds.limit * limit <= g.largest < EXTREME * limit:
        return None
    text = f"its largest magnitude is {g.largest:.4g}, and {g.dtype} ends at {limit:.4g}: a little more is Inf."
    advice = "run it in bfloat16 or float32, or scale what goes in"
    return _finding(turn, f"{g.largest:.3g} of {limit:.3g}", text, advice, {"largest": g.largest, "limit": limit})


def _whole_numbers(sight: Sight, turn: Turn, g: Gauge) -> Iterator[Finding]:
    low, high = (-128, 127) if g.dtype == "int8" else (0, 255)
    share = max(g.at_high, g.at_low if g.dtype == "int8" else 0.0)
    if share < sight.thresholds.clipped or g.min == g.max:
        return
    text = (
        f"{g.at_low:.0%} of its values are {low} and {g.at_high:.0%} {high}, the ends of {g.dtype}: numbers beyond are cut off."
    )
    evidence = {"at low": g.at_low, "at high": g.at_high}
    yield _finding(turn, f"{share:.0%} at the end of {g.dtype}", text, "a larger scale: calibrate it with this input", evidence)


def _finding(turn: Turn, seen: str, text: str, advice: str, evidence: dict[str, float]) -> Finding:
    return Finding(KIND, turn.name, WARNING, seen, text, advice, turn.layer.operator, turn.index, (turn.name,), evidence)

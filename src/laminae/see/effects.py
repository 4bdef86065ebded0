"""What patches do to the output, as a table: a row for each, a bar as long as its effect."""

from __future__ import annotations

import math
from collections.abc import Sequence

from laminae.base.records import Effect
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import number

BAR = 24
"""Columns that the largest effect takes."""


def effects_table(effects: Sequence[Effect], measure: str, title: str, *, patches: bool = False) -> Table:
    """patches: name what was patched how, not the layers alone."""
    most = max((abs(effect.size) for effect in effects if math.isfinite(effect.size)), default=0.0)
    columns = [Column("#", right=True), Column("patch" if patches else "layer", shrink=16)]
    columns += [Column("operator" if any(effect.op for effect in effects) else "", shrink=10, drop=1)]
    columns += [Column(f"{measure} change", right=True), Column("effect", shrink=6, drop=2)]
    rows = [
        Row((str(i), effect.patch if patches else effect.layer, effect.op, number(effect.size, 3), _bar(effect.size, most)))
        for i, effect in enumerate(effects, 0 if patches else 1)
    ]
    return Table(columns, rows, title=title)


def _bar(size: float, most: float) -> str:
    if not math.isfinite(size):
        return "█" * BAR
    return "█" * round(BAR * abs(size) / most) if most else ""

"""What notebooks show: the drawing, and under it the table, to be opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laminae.base.records import LayerRecord
from laminae.see.drawing.svg import svg
from laminae.see.rendering import Table

LARGEST, MOST = 1_000_000, 20_000
"""Bytes of a drawing that a notebook keeps, and layers that are laid out for it; of more there is the table alone."""

STYLE = "max-height:640px;overflow:auto;border:1px solid #8884;border-radius:8px"


def picture(records: Sequence[LayerRecord], **more: Any) -> str | None:
    """The drawing, None where it would be too large."""
    if len(records) > MOST:
        return None
    drawn = svg(records, **more)
    return drawn if len(drawn) <= LARGEST else None


def both(drawn: str | None, table: Table) -> str:
    """The drawing, and the table folded under it; without a drawing the table."""
    if drawn is None:
        return table._repr_html_()
    return f'<div style="{STYLE}">{drawn}</div><details><summary>table</summary>{table._repr_html_()}</details>'

"""A layer as it stands in a drawing: a rounded box with its name, operator and shape, and the picture of what it stored."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.records import ATOL, RTOL, LayerRecord
from laminae.base.shapes import format_shape
from laminae.see.picture import Picture, picture
from laminae.see.text import clean, plain, shorten

LONGEST = 26
"""Characters of a name or shape that a box shows; the whole is in its tooltip."""


@dataclass(frozen=True)
class Card:
    """kind: of the box's colour, `input`, `weights`, `plain` or `expected`. signs: ✓ or ✗ under each column of the picture."""

    name: str
    lines: tuple[str, ...]
    kind: str
    picture: Picture | None = None
    label: str = ""
    signs: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        head = len(shorten(clean(self.name), LONGEST)) * 8.2
        return max(head, *(len(shorten(clean(line), LONGEST)) * 6.8 for line in self.lines), 64) + 28

    @property
    def height(self) -> float:
        return 30.0 + 16 * len(self.lines)

    @property
    def picture_size(self) -> tuple[float, float]:
        """Of all that belongs to the picture: its label above, its caption or signs below."""
        if self.picture is None:
            return 0.0, 0.0
        words = max(len(self.label) * 7.0, len(self.picture.caption) * 5.8)
        below = 15 * bool(self.picture.caption) + 18 * bool(self.signs)
        return max(self.picture.width, words), self.picture.height + 16 * bool(self.label) + below

    def box(self, x: float, y: float) -> str:
        """The box with its top left corner there."""
        middle = self.width / 2
        rows = [f'<text class="name" x="{middle:.1f}" y="21">{_short(self.name)}</text>']
        rows += [
            f'<text class="line" x="{middle:.1f}" y="{38 + 16 * i}">{_short(line)}</text>' for i, line in enumerate(self.lines)
        ]
        tip = html.escape(clean(" · ".join((self.name, *self.lines))))
        frame = f'<rect class="box {self.kind}" width="{self.width:.1f}" height="{self.height:.0f}" rx="9"/>'
        return f'<g transform="translate({x:.1f} {y:.1f})"><title>{tip}</title>{frame}{"".join(rows)}</g>'

    def below(self, x: float, y: float) -> str:
        """The picture, label and signs, in a place of `picture_size` with its top left corner there."""
        if self.picture is None:
            return ""
        width, _ = self.picture_size
        top, left = 16 * bool(self.label), (width - self.picture.width) / 2
        parts = [f'<text class="label" x="{width / 2:.1f}" y="11">{_short(self.label)}</text>'] if self.label else []
        parts.append(f'<g transform="translate({left:.1f} {top})">{self.picture.svg}</g>')
        foot = top + self.picture.height + 13
        if self.picture.caption:
            parts.append(
                f'<text class="caption" x="{width / 2:.1f}" y="{foot:.1f}">{html.escape(clean(self.picture.caption))}</text>'
            )
        places = self.picture.columns or (self.picture.width / 2,)
        for at, sign in zip(places, self.signs, strict=False):
            colour = "good" if sign == "✓" else "bad"
            below = foot + 3 + 15 * bool(self.picture.caption)
            parts.append(f'<text class="sign {colour}" x="{left + at:.1f}" y="{below:.1f}">{sign}</text>')
        return f'<g transform="translate({x:.1f} {y:.1f})">{"".join(parts)}</g>'


def layer_card(record: LayerRecord, *, pictures: bool = True) -> Card:
    """The card of a layer; `pictures`: with what it stored."""
    shapes = [f"{format_shape(out.shape)} {out.dtype or ''}".rstrip() for out in record.outputs[:1]]
    more = [f"and {len(record.outputs) - 1} more outputs"] if len(record.outputs) > 1 else []
    is_input = record.op == "Input" and record.domain == "laminae"
    kind = "input" if is_input else "weights" if record.parameters else "plain"
    shown = picture(record.values[0]) if pictures and record.values else None
    return Card(record.name, (record.op, *shapes, *more), kind, shown, f"o{record.index}" if shown else "")


def expected_card(found: Any, expected: Any) -> Card:
    """What the output should be, and whether it is; ids of classes are held against the greatest score."""
    wanted = plain(as_numpy(np.asarray(expected)))
    made = None if found is None else plain(as_numpy(found))
    signs = () if made is None else tuple("✓" if right else "✗" for right in _right(made, wanted))
    shown = picture(wanted if wanted.ndim else wanted.reshape(1))
    if shown is not None and not shown.columns and signs:
        signs = (signs[0],)
    return Card("expected", (format_shape(wanted.shape),), "expected", shown, "", signs)


def _right(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> Sequence[bool]:
    if expected.shape == found.shape and found.ndim:
        if found.dtype.kind in "OUS":
            return [bool(np.all(a == b)) for a, b in zip(found, expected, strict=True)]
        near = np.isclose(found, expected, rtol=RTOL, atol=ATOL, equal_nan=True)
        return [bool(sample.all()) for sample in near]
    if expected.dtype.kind in "iu" and found.ndim == 2 and expected.shape == found.shape[:1]:
        return [bool(a == b) for a, b in zip(found.argmax(1), expected, strict=True)]
    return []


def _short(text: str) -> str:
    return html.escape(shorten(clean(text), LONGEST))

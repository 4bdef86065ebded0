"""A layer as it stands in a drawing: a rounded box with its name, operator, shape, parameters, and the picture of its output."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.learned import DeltaRecord
from laminae.base.records import ATOL, RTOL, LayerRecord
from laminae.base.shapes import format_shape
from laminae.see.drawing.lettering import fitted, width_of
from laminae.see.drawing.scheme import Shape
from laminae.see.picture import Picture, picture
from laminae.see.text import amount, clean, count, number, plain

NAME, LINE, ROW = 13.0, 11.0, 15.0
"""Sizes of letters, and the height of a line, in pixels."""

WIDEST = 236.0
"""Of the text in a box; longer ones are shortened, whole in the tooltip."""

MAIN = ("", "laminae", "torch.ops.aten", "torch.sym")
"""Domains whose operators are called by their name alone."""

SIDE, NEAR = 11.0, 10.0
"""Between the border and what is in it, and between text and picture."""


@dataclass(frozen=True)
class Card:
    """kind: of its colour, as in LEGEND. signs: ✓ or ✗ under each column of the picture. beside: the picture stands to the right.

    times: how often it stands there; stack: as a group it has a second border behind. delta: a line of the backward pass.
    """

    id: str
    name: str
    lines: tuple[str, ...]
    kind: str
    picture: Picture | None = None
    signs: tuple[str, ...] = ()
    beside: bool = True
    times: int = 1
    stack: bool = False
    marked: bool = False
    delta: str = ""
    tip: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        return (*self.lines, self.delta) if self.delta else self.lines

    @property
    def text_size(self) -> tuple[float, float]:
        name = width_of(fitted(self.name, NAME, WIDEST, bold=True), NAME, bold=True)
        lines = [width_of(fitted(line, LINE, WIDEST), LINE) for line in self.texts]
        return max([name, *lines]), 18.0 + ROW * len(self.texts)

    @property
    def picture_size(self) -> tuple[float, float]:
        """With what stands below it: its caption, its signs."""
        if self.picture is None:
            return 0.0, 0.0
        below = 13 * bool(self.picture.caption) + 19 * bool(self.signs)
        return max(self.picture.width, width_of(self.picture.caption, 9.5)), self.picture.height + below

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in pixels."""
        (width, height), (wide, high) = self.text_size, self.picture_size
        if not wide:
            return max(width + 2 * SIDE, 72.0), height + 14
        if self.beside:
            return width + wide + 2 * SIDE + NEAR + 4, max(height, high) + 16
        return max(width, wide, 50.0) + 2 * SIDE, height + high + 20

    def svg(self, x: float, y: float, width: float, height: float) -> str:
        """In a place of that size with its top left corner there."""
        tip = html.escape(clean(self.tip or " · ".join((self.name, *self.lines))))
        parts = [f"<title>{tip}</title>"]
        if self.stack or self.times > 1:
            parts += [_rect(self.kind, step, step, width, height) for step in (6.0, 3.0)]
        parts.append(_rect(self.kind, 0, 0, width, height))
        if self.marked:
            parts.append(_rect("marked", -3, -3, width + 6, height + 6, 10))
        parts += self._text(width, height)
        parts += self._picture(width, height)
        if self.times > 1:
            parts.append(badge(width, 0, self.times))
        return f'<g transform="translate({x:.1f} {y:.1f})">{"".join(parts)}</g>'

    def _text(self, width: float, height: float) -> list[str]:
        wide, high = self.text_size
        if self.picture is not None and self.beside:
            middle, top = SIDE + wide / 2, (height - high) / 2
        else:
            middle, top = width / 2, 7.0 if self.picture else (height - high) / 2
        rows = [_line("name", middle, top + 13, fitted(self.name, NAME, WIDEST, bold=True))]
        for i, line in enumerate(self.texts):
            kind = "delta" if self.delta and i == len(self.lines) else "line"
            rows.append(_line(kind, middle, top + 28 + ROW * i, fitted(line, LINE, WIDEST)))
        return rows

    def _picture(self, width: float, height: float) -> list[str]:
        if self.picture is None:
            return []
        (text, below), (wide, high) = self.text_size, self.picture_size
        left, top = (SIDE + text + NEAR, (height - high) / 2) if self.beside else ((width - wide) / 2, below + 12)
        inset = left + (wide - self.picture.width) / 2
        parts = [f'<g transform="translate({inset:.1f} {top:.1f})">{self.picture.svg}</g>']
        foot = top + self.picture.height
        if self.picture.caption:
            parts.append(_line("caption", left + wide / 2, foot + 10.5, self.picture.caption))
            foot += 13
        for at, sign in zip(self.picture.columns or (self.picture.width / 2,), self.signs, strict=False):
            parts.append(_line(f"sign {'good' if sign == '✓' else 'bad'}", inset + at, foot + 16, sign))
        return parts


def layer_card(shape: Shape, *, pictures: bool = True, beside: bool = True) -> Card:
    """Of a layer, or of a closed group; `pictures`: with what it stored."""
    record = shape.layer
    shapes = _shapes(record)
    is_input = record.op == "Input" and record.domain == "laminae"
    if shape.is_layer:
        size = f" · {count(record.parameters, 'parameter')}" if record.parameters else ""
        op = record.op if record.domain in MAIN else f"{record.domain}.{record.op}"
        lines = ((op + size, *shapes) if not is_input else shapes) or (op,)
        kind = "input" if is_input else "weights" if record.parameters else "plain"
    else:
        weights = sum(one.parameters for one in shape.node.block)
        size = f" · {f'{weights:,}' if weights < 10**6 else amount(weights)} parameters" if weights else ""
        lines, kind = (count(len(shape.node.block), "layer") + size, *shapes), "group"
    stored = next((value for value in record.values if value is not None), None) if pictures else None
    shown = None if stored is None else picture(stored)
    tip = " · ".join((record.path if shape.is_layer else shape.id, *lines))
    card = Card(shape.id, shape.name, lines, kind, shown, beside=beside, times=shape.times, tip=tip)
    return replace(card, stack=not shape.is_layer)


def with_delta(card: Card, delta: DeltaRecord | None) -> Card:
    """With what came to the layer in the backward pass."""
    if delta is None:
        return card
    told = f"no delta: {delta.state}" if delta.state or delta.norm is None else f"‖delta‖ {number(delta.norm, 3)}"
    return replace(card, delta=told)


def expected_card(found: Any, expected: Any, *, beside: bool = True) -> Card:
    """What the output should be, and whether it is; ids of classes are held against the greatest score."""
    wanted = plain(as_numpy(np.asarray(expected)))
    made = None if found is None else plain(as_numpy(found))
    signs = () if made is None else tuple("✓" if sign else "✗" for sign in right(made, wanted))
    shown = picture(wanted if wanted.ndim else wanted.reshape(1))
    if shown is not None and not shown.columns and signs:
        good = sum(sign == "✓" for sign in signs)
        signs = ("✓" if good == len(signs) else "✗",)
    return Card("expected", "expected", (format_shape(wanted.shape),), "expected", shown, signs, beside)


def badge(x: float, y: float, times: int) -> str:
    """`× 12`, on a border."""
    text = f"× {times:,}"
    width = width_of(text, 11, bold=True) + 12
    left = x - width + 8
    return f'<rect class="badge" x="{left:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="18" rx="9"/>' + _line(
        "times", left + width / 2, y + 4, text
    )


def _shapes(record: LayerRecord) -> tuple[str, ...]:
    told = [
        f"{format_shape(out.shape)}{'' if out.dtype in ('float32', None) else ' ' + out.dtype}"
        for out in record.outputs[:1]
        if out.shape is not None or out.dtype
    ]
    more = [f"and {count(len(record.outputs) - 1, 'more output')}"] if len(record.outputs) > 1 else []
    return (*told, *more)


def right(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> Sequence[bool]:
    """For each sample whether it is as expected; ids of classes are held against the greatest score. Empty where neither fits."""
    if expected.shape == found.shape and found.ndim:
        if found.dtype.kind in "OUS":
            return [bool(np.all(a == b)) for a, b in zip(found, expected, strict=True)]
        near = np.isclose(found, expected, rtol=RTOL, atol=ATOL, equal_nan=True)
        return [bool(sample.all()) for sample in near]
    if expected.dtype.kind in "iu" and found.ndim == 2 and expected.shape == found.shape[:1]:
        return [bool(a == b) for a, b in zip(found.argmax(1), expected, strict=True)]
    return []


def _rect(kind: str, x: float, y: float, width: float, height: float, radius: float = 8) -> str:
    return f'<rect class="box {kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"/>'


def _line(kind: str, x: float, y: float, text: str) -> str:
    anchor = "" if kind in ("caption", "times") or kind.startswith("sign") else ' text-anchor="middle"'
    return f'<text class="{kind}"{anchor} x="{x:.1f}" y="{y:.1f}">{html.escape(clean(text))}</text>'

"""The box of a layer or a closed group on the page: its words, its size, and the place of its picture.

Whoever draws it needs no more to know how wide text is; sizes come from shapes alone, for pictures may come later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from laminae.base.records import LayerRecord
from laminae.see.drawing.card import layer_card
from laminae.see.drawing.lettering import fitted, width_of
from laminae.see.drawing.scheme import Shape
from laminae.see.preview import BARS, COLUMN, LONG, MANY, SAMPLES, TEXT, TILES

NAME, LINE, ROW, WIDEST = 13.0, 11.0, 15.0, 190.0
"""Sizes of letters, the height of a line, and how wide text may be, in pixels."""

SIDE, NEAR, CAPTION = 11.0, 10.0, 13.0
"""Between the border and what is in it, between text and picture, and under a picture for its caption."""

LEAST = 84.0
"""Pixels that a picture with a caption is wide."""


@dataclass(frozen=True)
class Box:
    """lines: under the name. kind: of its colour. slot: x, y, width and height of its picture, with the caption, in the box."""

    name: str
    lines: tuple[str, ...]
    kind: str
    width: float
    height: float
    slot: tuple[float, float, float, float] | None


def box(shape: Shape, *, pictured: bool, beside: bool) -> Box:
    """pictured: it has a picture, where there is one of values of that shape. beside: to the right of the text."""
    card = layer_card(shape, pictures=False)
    place = slot(shape.layer) if pictured else None
    return placed(card.name, card.lines, card.kind, place, beside=beside)


def placed(name: str, lines: Sequence[str], kind: str, place: tuple[float, float] | None, *, beside: bool) -> Box:
    """The box around the words and a picture of that size."""
    name = fitted(name, NAME, WIDEST, bold=True)
    lines = tuple(fitted(line, LINE, WIDEST) for line in lines)
    wide = max([width_of(name, NAME, bold=True), *[width_of(line, LINE) for line in lines]])
    high = 18.0 + ROW * len(lines)
    if place is None:
        return Box(name, lines, kind, _round(max(wide + 2 * SIDE, 72.0)), high + 14, None)
    if beside:
        height = max(high, place[1]) + 16
        inside = (SIDE + wide + NEAR, (height - place[1]) / 2, *place)
        return Box(name, lines, kind, _round(wide + place[0] + 2 * SIDE + NEAR), _round(height), _rounded(inside))
    width = max(wide, place[0], 50.0) + 2 * SIDE
    inside = ((width - place[0]) / 2, high + 12, *place)
    return Box(name, lines, kind, _round(width), _round(high + place[1] + 22), _rounded(inside))


def slot(record: LayerRecord) -> tuple[float, float] | None:
    """Width and height of the picture of its first output, by the shape; None where there is none."""
    if not record.outputs:
        return None
    shape, dtype = record.outputs[0].shape, record.outputs[0].dtype or "float32"
    sizes = [size for size in shape or () if isinstance(size, int)]
    if shape is None or len(sizes) < len(shape) or "complex" in dtype:
        return None
    size = math.prod(sizes)
    if size == 0 or (size > TEXT and dtype == "string"):
        return None
    return _slot(sizes, size)


def _slot(shape: list[int], size: int) -> tuple[float, float]:
    samples = shape[0] if shape else 1
    if size <= TEXT and len(shape) <= 2 and samples <= SAMPLES and size // max(samples, 1) <= COLUMN:
        return samples * 62.0 + 4, 15.0 * (size // max(samples, 1)) + 4
    sample = shape[1:] if len(shape) > 1 else shape
    if math.prod(sample) == max(sample, default=1):
        many = min(max(sample, default=1), BARS)
        return (max(LEAST, many * max(2.0, min(10.0, 132 / many))), 44 + CAPTION) if max(sample) <= MANY else (120, 41 + CAPTION)
    rows, columns = sample[-2:]
    if len(shape) == 3:
        if max(sample) > LONG * min(sample):
            return 120, 41 + CAPTION
        width, height = _extent(rows, columns, 120)
        return max(width, LEAST), min(max(height, 4.0 * min(rows, 9)), 64.0) + CAPTION
    if len(sample) == 3 and sample[-1] in (1, 3) and sample[0] > 4:
        rows, columns, tiles = sample[0], sample[1], sample[2]
    else:
        tiles = math.prod(sample[:-2])
    shown = min(tiles, TILES) if tiles > 1 else 1
    width, height = _extent(rows, columns, 72 if shown == 1 else 34)
    across, down = min(shown, 4), (shown + 3) // 4
    return max(across * (width + 3) - 3, LEAST), down * (height + 3) - 3 + CAPTION


def _extent(rows: int, columns: int, side: float) -> tuple[float, float]:
    longer = max(rows, columns)
    return max(columns / longer * side, 8.0), max(rows / longer * side, 8.0)


def _rounded(place: tuple[float, ...]) -> tuple[float, float, float, float]:
    x, y, width, height = (_round(part) for part in place)
    return x, y, width, height


def _round(value: float) -> float:
    return round(value, 1)

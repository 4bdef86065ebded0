"""The small picture of what a layer stored, as a fragment of SVG."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.see.png import data_uri, grey, heat
from laminae.see.preview import BINS, Bars, Heat, Histogram, Maps, Numbers, Preview, preview

SIDE, SMALL, WIDE, LENGTH = 72, 34, 120.0, 120.0
"""In pixels: the longer side of one map, of each of several, the width of a histogram, the longer side of a sequence."""


@dataclass(frozen=True)
class Picture:
    """An SVG fragment whose top left corner is 0, 0. columns: the middle of each sample's column, where it has such."""

    width: float
    height: float
    svg: str
    columns: tuple[float, ...] = ()
    caption: str = ""


def picture(value: Any) -> Picture | None:
    """Of a stored output; None where there is nothing to draw."""
    seen = preview(value)
    return None if seen is None else drawn(seen)


def drawn(seen: Preview) -> Picture:
    """What is seen of a value, as a picture."""
    match seen:
        case Numbers():
            return _numbers(seen)
        case Bars():
            return _bars(seen)
        case Histogram():
            return _histogram(seen)
        case Heat():
            return _sequence(seen)
        case Maps():
            return _maps(seen)


def _numbers(seen: Numbers) -> Picture:
    """Bracketed columns."""
    parts, columns, x = [], [], 7.0
    height = 15.0 * max(map(len, seen.columns)) + 4
    for sample in seen.columns:
        width = max(max(len(t) for t in sample) * 7.3, 12)
        columns.append(x + width / 2)
        for i, text in enumerate(sample):
            parts.append(f'<text class="n" x="{x + width / 2:.1f}" y="{15 * i + 13}">{html.escape(text)}</text>')
        x += width + 12
    width = x - 5
    left, right = f"M5 1H1V{height - 1:.0f}H5", f"M{width - 5:.1f} 1H{width - 1:.1f}V{height - 1:.0f}H{width - 5:.1f}"
    parts.append(f'<path class="bracket" d="{left}{right}"/>')
    return Picture(width, height, "".join(parts), tuple(columns))


def _bars(seen: Bars) -> Picture:
    """From zero."""
    step = max(2.0, min(10.0, 132 / len(seen.means)))
    finite = [m for m in seen.means if np.isfinite(m)]
    high, low = max([*finite, 0.0]), min([*finite, 0.0])
    scale = 40 / (high - low) if high > low else 0.0
    zero = 2 + high * scale
    parts = [_bar(i * step, step, m, zero, scale) for i, m in enumerate(seen.means)]
    width = step * len(seen.means)
    parts.append(f'<path class="axis" d="M0 {zero:.1f}H{width:.1f}"/>')
    return Picture(width, 44.0 if scale else 4.0, "".join(parts), caption=seen.caption)


def _histogram(seen: Histogram) -> Picture:
    """Zero is marked."""
    if not seen.counts:
        return Picture(WIDE, 4, f'<path class="axis" d="M0 3H{WIDE:.0f}"/>', caption=seen.caption)
    step, most = WIDE / BINS, max(*seen.counts, 1)
    parts = [
        f'<rect class="bar" x="{i * step:.1f}" y="{40 - tall:.1f}" width="{step - 0.6:.1f}" height="{tall:.1f}"/>'
        for i, tall in enumerate(max(count / most * 38, 0.7) if count else 0.0 for count in seen.counts)
        if tall
    ]
    zero = f"M{-seen.low / (seen.high - seen.low) * WIDE:.1f} 2V40" if seen.low < 0 < seen.high else ""
    parts.append(f'<path class="axis" d="M0 40H{WIDE:.0f}{zero}"/>')
    return Picture(WIDE, 41, "".join(parts), caption=seen.caption)


def _sequence(seen: Heat) -> Picture:
    """A row for each position: zero white, below it blue, above it orange."""
    width, height = _extent(seen.image.shape, LENGTH)
    width, height = max(width, 40.0), min(max(height, 4.0 * min(len(seen.image), 9)), 64.0)
    image = _image(0, 0, width, height, heat(seen.image, -seen.most, seen.most))
    return Picture(width, height, image, caption=seen.caption)


def _maps(seen: Maps) -> Picture:
    """One large, or a few side by side."""
    width, height = _extent(seen.tiles.shape[1:], SIDE if len(seen.tiles) == 1 else SMALL)
    parts = [
        _image(i % 4 * (width + 3), i // 4 * (height + 3), width, height, grey(tile, seen.low, seen.high))
        for i, tile in enumerate(seen.tiles)
    ]
    across, down = min(len(seen.tiles), 4), (len(seen.tiles) + 3) // 4
    return Picture(across * (width + 3) - 3, down * (height + 3) - 3, "".join(parts), caption=seen.caption)


def _bar(x: float, step: float, mean: float, zero: float, scale: float) -> str:
    if not np.isfinite(mean):
        return f'<rect class="odd" x="{x:.1f}" y="0" width="{step - 0.6:.1f}" height="44"/>'
    top = zero - max(mean, 0.0) * scale
    return f'<rect class="bar" x="{x:.1f}" y="{top:.1f}" width="{step - 0.6:.1f}" height="{max(abs(mean) * scale, 0.4):.1f}"/>'


def _image(x: float, y: float, width: float, height: float, colours: np.ndarray[Any, Any]) -> str:
    """With a border: one that is white all over is seen."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<image {place} preserveAspectRatio="none" href="{data_uri(colours)}"/><rect class="pane" {place}/>'


def _extent(shape: Sequence[int], side: float) -> tuple[float, float]:
    """Width and height of a picture whose longer side is `side`; very long ones are made visible."""
    rows, columns = shape[0], shape[1]
    longer = max(rows, columns)
    return max(columns / longer * side, 8.0), max(rows / longer * side, 8.0)

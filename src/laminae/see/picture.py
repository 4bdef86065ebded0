"""The small picture of what a layer stored: numbers in columns, bars, or shades of grey, of the first sample or the few."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.see.png import data_uri, grey
from laminae.see.text import clean, number, plain, together

TEXT, COLUMN, SAMPLES = 12, 6, 6
"""As text: at most so many numbers in all, in a column, and so many columns."""

TILES, SIDE, BARS = 8, 72, 64
"""Feature maps shown, the side of a large picture in pixels, and bars in a row."""


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
    if value is None or not hasattr(value, "shape") or not hasattr(value, "dtype"):
        return None
    array = plain(as_numpy(value))
    if array.size == 0 or array.dtype.kind in "c":
        return None
    if array.size <= TEXT and array.ndim <= 2 and _fits(array):
        return numbers(array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1))
    if array.dtype.kind in "OUS":
        return None
    first = array[0] if array.ndim > 1 else array
    shown = bars(first.reshape(-1)) if first.size == max(first.shape, default=1) else maps(first)
    odd = int(np.count_nonzero(~np.isfinite(array.astype(np.float64))))
    return replace(shown, caption=f"{odd:,} NaN or Inf, {shown.caption}") if odd else shown


def numbers(array: np.ndarray[Any, Any]) -> Picture:
    """[samples, elements] as bracketed columns, one for each sample."""
    texts = np.array(together(array), dtype=object).reshape(array.shape)
    parts, columns, x = [], [], 7.0
    height = 15.0 * array.shape[1] + 4
    for sample in texts:
        width = max(max(len(clean(t)) for t in sample) * 7.3, 12)
        columns.append(x + width / 2)
        for i, text in enumerate(sample):
            parts.append(f'<text class="n" x="{x + width / 2:.1f}" y="{15 * i + 13}">{html.escape(clean(text))}</text>')
        x += width + 12
    width = x - 5
    left, right = f"M5 1H1V{height - 1:.0f}H5", f"M{width - 5:.1f} 1H{width - 1:.1f}V{height - 1:.0f}H{width - 5:.1f}"
    parts.append(f'<path class="bracket" d="{left}{right}"/>')
    return Picture(width, height, "".join(parts), tuple(columns))


def bars(vector: np.ndarray[Any, Any]) -> Picture:
    """A vector as bars from zero; of a long one the means of neighbours."""
    wide = vector.astype(np.float64)
    bins = np.array_split(wide, BARS) if len(wide) > BARS else [wide[i : i + 1] for i in range(len(wide))]
    means = [float(np.mean(b)) if np.isfinite(b).all() else float("nan") for b in bins]
    step = max(2.0, min(10.0, 132 / len(means)))
    finite = [m for m in means if np.isfinite(m)]
    high, low = max([*finite, 0.0]), min([*finite, 0.0])
    scale = 40 / (high - low) if high > low else 0.0
    zero = 2 + high * scale
    parts = [_bar(i * step, step, m, zero, scale) for i, m in enumerate(means)]
    width = step * len(means)
    parts.append(f'<path class="axis" d="M0 {zero:.1f}H{width:.1f}"/>')
    best = int(np.argmax(np.where(np.isfinite(wide), wide, -np.inf)))
    return Picture(width, 44, "".join(parts), caption=f"max {number(wide[best], 3)} at {best}" if finite else "no finite number")


def maps(array: np.ndarray[Any, Any]) -> Picture:
    """[rows, columns] as one grey picture, [channels, rows, columns] as a few side by side, all on one scale."""
    tiles = array.reshape(-1, *array.shape[-2:])
    if array.ndim == 3 and array.shape[-1] in (1, 3) and array.shape[0] > 4:
        tiles = np.moveaxis(array, -1, 0)
    shown = [_reduced(tile) for tile in tiles[: TILES if len(tiles) > 1 else 1]]
    finite = np.concatenate([tile[np.isfinite(tile)] for tile in shown])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    side = SIDE if len(shown) == 1 else 34
    width, height = _extent(shown[0].shape, side)
    parts = [
        f'<image x="{i % 4 * (width + 3):.1f}" y="{i // 4 * (height + 3):.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'preserveAspectRatio="none" href="{data_uri(grey(tile, low, high))}"/>'
        for i, tile in enumerate(shown)
    ]
    across, down = min(len(shown), 4), (len(shown) + 3) // 4
    caption = f"{number(low, 3)} to {number(high, 3)}" + (f", {len(shown)} of {len(tiles)}" if len(tiles) > len(shown) else "")
    return Picture(across * (width + 3) - 3, down * (height + 3) - 3, "".join(parts), caption=caption)


def _fits(array: np.ndarray[Any, Any]) -> bool:
    samples = len(array) if array.ndim else 1
    return samples <= SAMPLES and array.size // max(samples, 1) <= COLUMN


def _bar(x: float, step: float, mean: float, zero: float, scale: float) -> str:
    if not np.isfinite(mean):
        return f'<rect class="odd" x="{x:.1f}" y="0" width="{step - 0.6:.1f}" height="44"/>'
    top = zero - max(mean, 0.0) * scale
    return f'<rect class="bar" x="{x:.1f}" y="{top:.1f}" width="{step - 0.6:.1f}" height="{max(abs(mean) * scale, 0.4):.1f}"/>'


def _reduced(tile: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """At most 64 × 64, by taking every nth."""
    wide = tile.astype(np.float64)
    return wide[:: -(-wide.shape[0] // 64), :: -(-wide.shape[1] // 64)]


def _extent(shape: Sequence[int], side: float) -> tuple[float, float]:
    """Width and height of a picture whose longer side is `side`; very long ones are made visible."""
    rows, columns = shape[0], shape[1]
    longer = max(rows, columns)
    return max(columns / longer * side, 8.0), max(rows / longer * side, 8.0)

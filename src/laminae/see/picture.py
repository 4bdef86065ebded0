"""The small picture of what a layer stored: numbers, bars, a histogram, a heat map or shades of grey."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.see.png import data_uri, grey, heat
from laminae.see.text import clean, number, plain, together

TEXT, COLUMN, SAMPLES = 12, 6, 6
"""As text: at most so many numbers in all, in a column, and so many columns."""

TILES, SIDE, BARS = 8, 72, 64
"""Feature maps shown, the side of a large picture in pixels, and bars in a row."""

CLEAR = 0.99
"""The part of a heat map's numbers that is told apart by colour; the largest beyond have the full one."""

MANY, LONG, BINS, WIDE, LENGTH = 1024, 24, 40, 120.0, 120.0
"""Elements of a vector, and length to breadth of a map, from which on there is a histogram; its bins and width; of a sequence."""


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
    shown = _shown(first, sequence=array.ndim == 3)
    odd = int(np.count_nonzero(~np.isfinite(array.astype(np.float64))))
    return replace(shown, caption=f"{odd:,} NaN or Inf, {shown.caption}") if odd else shown


def _shown(sample: np.ndarray[Any, Any], *, sequence: bool) -> Picture:
    """A vector as bars or a histogram, a sequence of vectors as a heat map, the rest as maps."""
    if sample.size == max(sample.shape, default=1):
        return bars(sample.reshape(-1)) if sample.size <= MANY else histogram(sample)
    if sequence:
        longer, shorter = max(sample.shape), min(sample.shape)
        return histogram(sample) if longer > LONG * shorter else sequence_map(sample)
    return maps(sample)


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
    height = 44.0 if scale else 4.0
    return Picture(
        width, height, "".join(parts), caption=f"max {number(wide[best], 3)} at {best}" if finite else "no finite number"
    )


def histogram(array: np.ndarray[Any, Any]) -> Picture:
    """How many elements lie where between the smallest and the largest; zero is marked."""
    wide = array.reshape(-1).astype(np.float64)
    finite = wide[np.isfinite(wide)]
    if not finite.size:
        return Picture(WIDE, 4, f'<path class="axis" d="M0 3H{WIDE:.0f}"/>', caption="no finite number")
    low, high = float(finite.min()), float(finite.max())
    counts, _ = np.histogram(finite, BINS, (low, high if high > low else low + 1.0))
    step, most = WIDE / BINS, max(int(counts.max()), 1)
    parts = [
        f'<rect class="bar" x="{i * step:.1f}" y="{40 - tall:.1f}" width="{step - 0.6:.1f}" height="{tall:.1f}"/>'
        for i, tall in enumerate(max(count / most * 38, 0.7) if count else 0.0 for count in counts.tolist())
        if tall
    ]
    zero = f"M{-low / (high - low) * WIDE:.1f} 2V40" if low < 0 < high else ""
    parts.append(f'<path class="axis" d="M0 40H{WIDE:.0f}{zero}"/>')
    return Picture(WIDE, 41, "".join(parts), caption=f"{number(low, 3)} to {number(high, 3)}, {array.size:,} numbers")


def sequence_map(array: np.ndarray[Any, Any]) -> Picture:
    """[positions, elements], a row for each position: zero white, below it blue, above it orange."""
    shown = _reduced(array, 96)
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    width, height = _extent(shown.shape, LENGTH)
    width, height = max(width, 40.0), min(max(height, 4.0 * min(len(shown), 9)), 64.0)
    most = float(np.quantile(np.abs(finite), CLEAR)) if finite.size else 1.0
    uri = data_uri(heat(shown, -most, most))
    image = f'<image width="{width:.1f}" height="{height:.1f}" preserveAspectRatio="none" href="{uri}"/>'
    image += _pane(0, 0, width, height)
    return Picture(width, height, image, caption=f"{number(low, 3)} to {number(high, 3)}")


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
        + _pane(i % 4 * (width + 3), i // 4 * (height + 3), width, height)
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


def _pane(x: float, y: float, width: float, height: float) -> str:
    """The border of a map: one that is white all over is seen."""
    return f'<rect class="pane" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _reduced(tile: np.ndarray[Any, Any], most: int = 64) -> np.ndarray[Any, Any]:
    """At most so many rows and columns, by taking every nth."""
    wide = tile.astype(np.float64)
    return wide[:: -(-wide.shape[0] // most), :: -(-wide.shape[1] // most)]


def _extent(shape: Sequence[int], side: float) -> tuple[float, float]:
    """Width and height of a picture whose longer side is `side`; very long ones are made visible."""
    rows, columns = shape[0], shape[1]
    longer = max(rows, columns)
    return max(columns / longer * side, 8.0), max(rows / longer * side, 8.0)

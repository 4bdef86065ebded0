"""What is seen at a glance of what a layer stored: its numbers, bars, a histogram, a heat map or shades of grey."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.see.text import clean, number, plain, together

TEXT, COLUMN, SAMPLES = 12, 6, 6
"""As text: at most so many numbers in all, in a column, and so many columns."""

TILES, SIDE, POSITIONS, BARS = 8, 64, 96, 64
"""Feature maps shown, rows and columns of each, rows and columns of a heat map, and bars in a row."""

CLEAR = 0.99
"""The part of a heat map's numbers that is told apart by colour; the largest beyond have the full one."""

MANY, LONG, BINS = 1024, 24, 40
"""Elements of a vector, and length to breadth of a map, from which on there is a histogram; its bins."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Numbers:
    """Columns of numbers as text, one column for each sample."""

    columns: tuple[tuple[str, ...], ...]
    caption: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"kind": "numbers", "columns": [list(column) for column in self.columns], "caption": self.caption}


@dataclass(frozen=True)
class Bars:
    """A vector; of a long one the means of neighbours, NaN where one of them is not finite."""

    means: tuple[float, ...]
    caption: str = ""

    def as_json(self) -> dict[str, Any]:
        means = [float(f"{mean:.4g}") if np.isfinite(mean) else None for mean in self.means]
        return {"kind": "bars", "means": means, "caption": self.caption}


@dataclass(frozen=True)
class Histogram:
    """How many elements lie where from low to high; no counts where none is finite."""

    counts: tuple[int, ...]
    low: float
    high: float
    caption: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"kind": "histogram", "counts": list(self.counts), "low": self.low, "high": self.high, "caption": self.caption}


@dataclass(frozen=True)
class Heat:
    """[positions, elements] around zero. most: what has the full colour. shape: of which this shows every nth."""

    image: Array
    most: float
    shape: tuple[int, int]
    caption: str = ""

    def as_json(self) -> dict[str, Any]:
        levels = np.clip(np.nan_to_num(self.image / (self.most or 1.0), posinf=1, neginf=-1), -1, 1)
        coded = np.where(np.isfinite(self.image), np.round(levels * 127) + 128, 0).astype(np.uint8)
        return {"kind": "heat", **_coded(coded[None]), "shape": list(self.shape), "most": self.most, "caption": self.caption}


@dataclass(frozen=True)
class Maps:
    """[tiles, rows, columns] in shades of grey from low to high. of: how many there are. shape: of each, of which every nth."""

    tiles: Array
    low: float
    high: float
    of: int
    shape: tuple[int, int]
    range: str = ""

    @property
    def caption(self) -> str:
        return self.range + (f", {len(self.tiles)} of {self.of}" if self.of > len(self.tiles) else "")

    def as_json(self) -> dict[str, Any]:
        spread = self.high - self.low if self.high > self.low else 1.0
        low = self.low if self.high > self.low or self.low <= 0 else self.low - spread
        levels = np.clip((np.nan_to_num(self.tiles, nan=0.0, posinf=0.0, neginf=0.0) - low) / spread, 0, 1)
        coded = np.where(np.isfinite(self.tiles), np.round(levels * 254) + 1, 0).astype(np.uint8)
        told = {"of": self.of, "low": self.low, "high": self.high, "shape": list(self.shape), "caption": self.range}
        return {"kind": "maps", **_coded(coded), **told}


Preview = Numbers | Bars | Histogram | Heat | Maps


def preview(value: Any, *, tiles: int = TILES, side: int = SIDE, positions: int = POSITIONS) -> Preview | None:
    """Of a stored output; None where there is nothing to see.

    tiles: at most so many feature maps, of at most `side` rows and columns. positions: at most so many rows and columns of a
    heat map.
    """
    if value is None or not hasattr(value, "shape") or not hasattr(value, "dtype"):
        return None
    array = plain(as_numpy(value))
    if array.size == 0 or array.dtype.kind in "c":
        return None
    if array.size <= TEXT and array.ndim <= 2 and _fits(array):
        return _numbers(array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1))
    if array.dtype.kind in "OUS":
        return None
    first = array[0] if array.ndim > 1 else array
    shown = _shown(first, array.ndim == 3, tiles, side, positions)
    odd = _odd(array)
    if not odd:
        return shown
    said = f"{odd:,} NaN or Inf, "
    return replace(shown, range=said + shown.range) if isinstance(shown, Maps) else replace(shown, caption=said + shown.caption)


def _odd(array: Array) -> int:
    """How many are not finite."""
    return int(array.size - np.count_nonzero(np.isfinite(array))) if array.dtype.kind == "f" else 0


def _shown(sample: Array, sequence: bool, tiles: int, side: int, positions: int) -> Preview:
    """A vector as bars or a histogram, a sequence of vectors as a heat map, the rest as maps."""
    if sample.size == max(sample.shape, default=1):
        return _bars(sample.reshape(-1)) if sample.size <= MANY else _histogram(sample)
    if sequence:
        longer, shorter = max(sample.shape), min(sample.shape)
        return _histogram(sample) if longer > LONG * shorter else _heat(sample, positions)
    return _maps(sample, tiles, side)


def _numbers(array: Array) -> Numbers:
    texts = np.array([clean(text) for text in together(array)], dtype=object).reshape(array.shape)
    return Numbers(tuple(tuple(sample) for sample in texts.tolist()))


def _bars(vector: Array) -> Bars:
    wide = vector.astype(np.float64)
    bins = np.array_split(wide, BARS) if len(wide) > BARS else [wide[i : i + 1] for i in range(len(wide))]
    means = tuple(float(np.mean(b)) if np.isfinite(b).all() else float("nan") for b in bins)
    if not np.isfinite(means).any():
        return Bars(means, "no finite number")
    best = int(np.argmax(np.where(np.isfinite(wide), wide, -np.inf)))
    return Bars(means, f"max {number(wide[best], 3)} at {best}")


def _histogram(array: Array) -> Histogram:
    wide = array.reshape(-1).astype(np.float64)
    finite = wide[np.isfinite(wide)]
    if not finite.size:
        return Histogram((), 0.0, 0.0, "no finite number")
    low, high = float(finite.min()), float(finite.max())
    counts, _ = np.histogram(finite, BINS, (low, high if high > low else low + 1.0))
    return Histogram(tuple(counts.tolist()), low, high, f"{number(low, 3)} to {number(high, 3)}, {array.size:,} numbers")


def _heat(array: Array, positions: int) -> Heat:
    shown = _every_nth(array, positions)
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    most = float(np.quantile(np.abs(finite), CLEAR)) if finite.size else 1.0
    return Heat(shown, most, (array.shape[0], array.shape[1]), f"{number(low, 3)} to {number(high, 3)}")


def _maps(array: Array, most: int, side: int) -> Maps:
    """[rows, columns] as one, [channels, rows, columns] as a few, all on one scale; an image's colours as three."""
    tiles = array.reshape(-1, *array.shape[-2:])
    if array.ndim == 3 and array.shape[-1] in (1, 3) and array.shape[0] > 4:
        tiles = np.moveaxis(array, -1, 0)
    shown = np.stack([_every_nth(tile, side) for tile in tiles[: most if len(tiles) > 1 else 1]])
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return Maps(shown, low, high, len(tiles), (tiles.shape[1], tiles.shape[2]), f"{number(low, 3)} to {number(high, 3)}")


def _fits(array: Array) -> bool:
    samples = len(array) if array.ndim else 1
    return samples <= SAMPLES and array.size // max(samples, 1) <= COLUMN


def _every_nth(tile: Array, most: int) -> Array:
    """At most so many rows and columns."""
    wide: Array = tile[:: -(-tile.shape[0] // most), :: -(-tile.shape[1] // most)].astype(np.float64)
    return wide


def _coded(levels: Array) -> dict[str, Any]:
    """[tiles, rows, columns] bytes as text."""
    tiles, rows, columns = levels.shape
    return {"tiles": tiles, "rows": rows, "columns": columns, "levels": base64.b64encode(levels.tobytes()).decode("ascii")}

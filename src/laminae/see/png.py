"""A picture of numbers as a PNG: grey from the smallest to the largest, NaN and Inf in red. https://www.w3.org/TR/png-3/"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

RED = (214, 39, 40)


def grey(values: np.ndarray[Any, Any], low: float, high: float) -> np.ndarray[Any, Any]:
    """[rows, columns] numbers as [rows, columns, 3] bytes: `low` black, `high` white; where all are one, 0 or less black."""
    wide = values.astype(np.float64)
    finite = np.isfinite(wide)
    spread = high - low if high > low else 1.0
    low = low if high > low or low <= 0 else low - spread
    level = np.where(finite, (np.where(finite, wide, low) - low) / spread, 0.0)
    image = np.repeat((np.clip(level, 0, 1) * 255).round().astype(np.uint8)[..., None], 3, axis=2)
    image[~finite] = RED
    return image


BLUE, WHITE, ORANGE = (0, 84, 147), (250, 250, 250), (200, 96, 0)


def heat(values: np.ndarray[Any, Any], low: float, high: float) -> np.ndarray[Any, Any]:
    """[rows, columns] numbers as [rows, columns, 3] bytes: zero white, below it blue, above it orange, each by its size."""
    wide = values.astype(np.float64)
    finite = np.isfinite(wide)
    most = max(abs(low), abs(high)) or 1.0
    level = np.clip(np.where(finite, wide, 0.0) / most, -1, 1)[..., None]
    side = np.where(level < 0, np.array(BLUE, np.float64), np.array(ORANGE, np.float64))
    image = (np.array(WHITE) * (1 - np.abs(level)) + side * np.abs(level)).round().astype(np.uint8)
    image[~finite] = RED
    return np.asarray(image)


def encode(image: np.ndarray[Any, Any]) -> bytes:
    """[rows, columns, 3] bytes as a PNG file."""
    rows, columns, _ = image.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), image.reshape(rows, columns * 3)], axis=1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def data_uri(image: np.ndarray[Any, Any]) -> str:
    """The PNG as text that stands in a drawing."""
    return "data:image/png;base64," + base64.b64encode(encode(image)).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

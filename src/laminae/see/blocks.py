"""Numbers as blocks of text: a scan in shades, a vector as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SHADES = " ░▒▓█"
STEPS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉█"


def shades(image: np.ndarray[Any, Any]) -> list[str]:
    """[rows, columns] from 0 (blank) to its largest (full), a line for each row, two characters a pixel."""
    top = float(image.max(initial=0.0)) or 1.0
    levels = np.clip(np.ceil(image / top * (len(SHADES) - 1)), 0, len(SHADES) - 1).astype(int)
    return ["".join(SHADES[level] * 2 for level in row) for row in levels]


def spark(vector: np.ndarray[Any, Any], width: int) -> str:
    """A vector in one line, from its smallest to its largest; of a long one the means of neighbours."""
    parts = np.array_split(vector.astype(np.float64), min(width, max(len(vector), 1)))
    means = np.array([part.mean() if part.size else 0.0 for part in parts])
    low, high = float(means.min()), float(means.max())
    levels = np.round((means - low) / (high - low or 1.0) * (len(STEPS) - 1)).astype(int)
    return "".join(STEPS[level] for level in levels)


def bars(numbers: Sequence[float] | np.ndarray[Any, Any], width: int) -> list[str]:
    """Numbers from 0 to 1 as bars of at most `width` characters, fine to an eighth, all padded to one length."""
    made = []
    for number in numbers:
        whole, part = divmod(round(float(number) * width * 8), 8)
        made.append(("█" * whole + EIGHTHS[part] * (part > 0)).ljust(width))
    return made

"""How wide text is, in DejaVu Sans: the widest of the usual fonts, so that what fits in it fits in the others."""

from __future__ import annotations

from laminae.see.rendering import cells_of
from laminae.see.text import clean, shorten

PLAIN = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70 77 63 58 "
    "77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58 28 97 "
    "63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
BOLD = (
    "35 46 52 84 70 100 87 31 46 46 52 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 58 100 77 76 73 83 68 68 "
    "82 84 37 37 77 64 100 84 85 73 85 77 72 68 81 77 110 77 72 73 46 37 46 84 50 50 67 72 59 72 68 44 72 71 34 34 67 34 "
    "104 71 69 72 72 49 60 48 71 65 92 65 65 58 71 37 71 84"
)
"""Of the letters from space to ~, in hundredths of the size."""

_WIDTHS = {
    bold: dict(zip(map(chr, range(32, 127)), map(int, text.split()), strict=True)) for bold, text in ((0, PLAIN), (1, BOLD))
}
OTHER = 84
"""Of any other letter; one that takes two columns in a terminal takes a whole size here."""


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """In pixels."""
    known = _WIDTHS[bold]
    return sum([known.get(c) or (OTHER if cells_of(c) < 2 else 105) for c in text]) * size / 100


def fitted(text: str, size: float, most: float, *, bold: bool = False) -> str:
    """On one line, without control characters, `…` in its middle where it is wider than `most`."""
    text = clean(text)
    letters = len(text)
    while letters > 1 and width_of(shorten(text, letters), size, bold=bold) > most:
        letters -= max(1, int(letters * 0.05))
    return shorten(text, letters)

"""An SVG as PNG and PDF, by resvg and svg2pdf (the extra `draw`), in the letters that matplotlib brings: the same everywhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from laminae.base.errors import MissingPackageError, UsageError

FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
"""Latin, Greek, Cyrillic and signs; for other letters those of the system are taken."""

SCALE, PIXELS = 2.0, 60_000_000
"""Pixels of a PNG for each of the drawing, and how many it may have in all: of more it is drawn smaller."""


def png(svg: str) -> bytes:
    """Raises MissingPackageError."""
    resvg = _package("resvg_py", ".png")
    width, height = _size(svg)
    scale = min(SCALE, (PIXELS / (width * height)) ** 0.5, 32_000 / max(width, height))
    made: bytes = resvg.svg_to_bytes(
        svg_string=svg,
        zoom=None,
        width=round(width * scale),
        height=round(height * scale),
        font_files=_fonts(".png"),
        font_family="DejaVu Sans",
    )
    return bytes(made)


def pdf(svg: str) -> bytes:
    """One page of the drawing's size, of lines and letters. Raises MissingPackageError."""
    svg2pdf = _package("svg2pdf_py", ".pdf")
    fonts = svg2pdf.FontDatabase()
    for font in _fonts(".pdf"):
        fonts.load_font_file(font)
    fonts.load_system_fonts()
    return bytes(svg2pdf.svg_to_pdf(svg, fonts))


def _package(name: str, ending: str) -> Any:
    if find_spec(name) is None:
        raise MissingPackageError(
            f"to draw a {ending} takes the package {name}",
            {"install": "pip install 'laminae[draw]'", "or draw": "an .svg or .html"},
        )
    return __import__(name)


def _fonts(ending: str) -> list[str]:
    """Their paths. Raises MissingPackageError."""
    folder = Path(_package("matplotlib", ending).get_data_path(), "fonts", "ttf")
    return [str(folder / name) for name in FONTS]


def _size(svg: str) -> tuple[float, float]:
    head = svg[: svg.index(">")]
    try:
        width, height = (float(head.split(f'{word}="')[1].split('"')[0]) for word in (" width", " height"))
    except (IndexError, ValueError):
        raise UsageError("a drawing without a size cannot be made a picture") from None
    return max(width, 1.0), max(height, 1.0)

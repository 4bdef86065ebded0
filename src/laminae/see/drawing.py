"""The text-book's drawing: layers in order as boxes, arrows between, under each what it stored, as an SVG."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, UsageError
from laminae.base.records import LayerRecord
from laminae.see.card import Card, expected_card, layer_card
from laminae.see.layout import Layout, Place, layout, ranks
from laminae.see.style import LEGEND, STYLE
from laminae.see.text import clean

MARGIN, HEAD, NEAR = 28.0, 40.0, 12.0
"""Around the drawing, of the title, and between a box and its picture."""

ACROSS = 8
"""So many ranks at most are drawn from left to right, more from the top down."""

PICTURED = 300
"""Of more layers than this no pictures are drawn."""


def draw(records: Sequence[LayerRecord], path: str | os.PathLike[str], *, title: str = "", expected: Any = None) -> None:
    """Write the drawing to an .svg file, whole or not at all. Raises UsageError for another ending, FileError."""
    target = Path(path)
    if target.suffix.lower() != ".svg":
        raise UsageError(
            f"cannot draw to {target.name!r}", {"expected": "a file that ends in .svg", "found": target.suffix or "no ending"}
        )
    text = svg(records, title=title, expected=expected)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FileError(f"cannot write {str(target)!r}", {"because": error.strerror or str(error)}) from None


def svg(records: Sequence[LayerRecord], *, title: str = "", expected: Any = None) -> str:
    """The drawing as text. expected: what the last layer's output should be, drawn beside it with ✓ or ✗."""
    cards = [layer_card(record, pictures=len(records) <= PICTURED) for record in records]
    edges = _edges(records)
    joined = len(edges)
    if expected is not None and records:
        if isinstance(expected, Mapping):
            expected = next(iter(expected.values()))
        last = records[-1]
        cards.append(expected_card(last.values[0] if last.values else None, expected))
        edges.append((len(records) - 1, len(records)))
    order = ranks(len(cards), edges, _loose(records))
    flat = max(order, default=0) < ACROSS
    placed = layout([_size(card, flat) for card in cards], edges, order, gap=46 if flat else 34, space=30)
    body = [_arrow(way, cards, flat, i >= joined) for i, way in enumerate(placed.ways)]
    body += [_card(card, place, flat) for card, place in zip(cards, placed.places, strict=True)]
    return _page(body, placed, cards, flat, title)


def _edges(records: Sequence[LayerRecord]) -> list[tuple[int, int]]:
    at = {record.name: i for i, record in reversed(list(enumerate(records)))}
    pairs = ((at[name], i) for i, record in enumerate(records) for name in record.reads if name in at)
    return [(a, b) for a, b in pairs if a < b]


def _loose(records: Sequence[LayerRecord]) -> set[int]:
    """The places of layers that wait for no input, as constants do."""
    waiting: set[str] = set()
    for record in records:
        if record.op == "Input" or any(name in waiting for name in record.reads):
            waiting.add(record.name)
    return {i for i, record in enumerate(records) if record.name not in waiting}


def _size(card: Card, flat: bool) -> tuple[float, float, float]:
    """Length along the way, and extents on both sides of it; the picture hangs below the box, or stands to its right."""
    width, height = card.picture_size
    if flat:
        return max(card.width, width), card.height / 2, card.height / 2 + (NEAR + height if height else 0)
    return max(card.height, height), card.width / 2, card.width / 2 + (NEAR + width if width else 0)


def _card(card: Card, place: Place, flat: bool) -> str:
    width, height = card.picture_size
    if flat:
        middle = place.along + place.length / 2
        box = card.box(middle - card.width / 2, place.across - card.height / 2)
        return box + card.below(middle - width / 2, place.across + card.height / 2 + NEAR)
    middle = place.along + place.length / 2
    box = card.box(place.across - card.width / 2, middle - card.height / 2)
    return box + card.below(place.across + card.width / 2 + NEAR, middle - height / 2)


def _arrow(way: Sequence[Place], cards: Sequence[Card], flat: bool, dashed: bool) -> str:
    """A curve from box to box through the places kept free for it."""
    stops: list[tuple[float, float]] = []
    for place in way:
        half = place.length / 2 if place.box < 0 else (cards[place.box].width if flat else cards[place.box].height) / 2
        middle = place.along + place.length / 2
        stops += [(middle - half, place.across), (middle + half, place.across)]
    stops = stops[1:-1]
    parts = [_point("M", flat, stops[0])]
    for i in range(0, len(stops) - 1, 2):
        (a, b), (c, d) = stops[i], stops[i + 1]
        bend = (a + c) / 2
        parts.append("C" + " ".join(_point("", flat, p) for p in ((bend, b), (bend, d), (c, d))))
        if i + 2 < len(stops):
            parts.append(_point("L", flat, stops[i + 2]))
    return f'<path class="{"wish" if dashed else "arrow"}" d="{"".join(parts)}"/>'


def _point(letter: str, flat: bool, stop: tuple[float, float]) -> str:
    x, y = stop if flat else stop[::-1]
    return f"{letter}{x:.1f} {y:.1f}"


def _page(body: Sequence[str], placed: Layout, cards: Sequence[Card], flat: bool, title: str) -> str:
    width, height = (placed.length, placed.breadth) if flat else (placed.breadth, placed.length)
    kinds = [kind for kind in LEGEND if any(card.kind == kind for card in cards)]
    least = max(len(clean(title)) * 9.5, sum(len(LEGEND[kind]) * 6.5 + 34 for kind in kinds))
    inset = max(least - width, 0) / 2
    full_width, full_height = max(width, least) + 2 * MARGIN, height + HEAD + 2 * MARGIN + 30
    heading = html.escape(clean(title))
    legend, x = [], MARGIN
    for kind in kinds:
        legend.append(f'<rect class="box {kind}" x="{x:.1f}" y="{full_height - 34:.1f}" width="14" height="12" rx="4"/>')
        legend.append(f'<text class="key" x="{x + 20:.1f}" y="{full_height - 24:.1f}">{LEGEND[kind]}</text>')
        x += len(LEGEND[kind]) * 6.5 + 34
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{heading}" '
        f'width="{full_width:.0f}" height="{full_height:.0f}" viewBox="0 0 {full_width:.0f} {full_height:.0f}">\n'
        f"<title>{heading}</title>\n<style>{STYLE}</style>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 .8 7.5 4 0 7.2Z"/></marker></defs>\n'
        '<rect class="paper" width="100%" height="100%"/>\n'
        f'<text class="title" x="{MARGIN:.0f}" y="{MARGIN + 12:.0f}">{heading}</text>\n'
        f'<g transform="translate({MARGIN + inset:.1f} {MARGIN + HEAD:.1f})">\n'
        + "\n".join(body)
        + "\n</g>\n"
        + "".join(legend)
        + "\n</svg>\n"
    )

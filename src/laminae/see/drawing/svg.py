"""The text-book's drawing as an SVG: layers in order as boxes, arrows between, groups as frames, in each box what it stored."""

from __future__ import annotations

import html
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from laminae.base.learned import DeltaRecord
from laminae.base.records import LayerRecord
from laminae.see.drawing.card import Card, badge, expected_card, layer_card, with_delta
from laminae.see.drawing.lettering import fitted, width_of
from laminae.see.drawing.marking import marked
from laminae.see.drawing.scheme import Scheme, Shape, scheme
from laminae.see.drawing.style import DARK, LEGEND, STYLE
from laminae.see.layout import DOWN, RIGHT, Item, Layout, Pads, Rect, layout
from laminae.see.text import clean

MARGIN, HEAD = 24.0, 44.0
"""Around the drawing, and of the title."""

ACROSS, WIDE = 9, 1280.0
"""So many boxes at most, and so many pixels, are drawn from left to right; more from the top down."""

PICTURED = 300
"""In more boxes than this no pictures are drawn."""

HEADING, APART = 12.0, 3.0
"""Size of a frame's name; how far a backward arrow stands beside the forward one."""


@dataclass(frozen=True)
class Drawing:
    """What is drawn, and where: for any renderer. cards: what stands in each box. reached: the boxes that a delta came to."""

    scheme: Scheme
    cards: Mapping[str, Card]
    layout: Layout
    title: str
    reached: frozenset[str] = frozenset()


def drawing(
    records: Sequence[LayerRecord],
    *,
    title: str = "",
    depth: int | None = None,
    full: bool = False,
    highlight: Sequence[str] | str = (),
    expected: Any = None,
    deltas: Sequence[DeltaRecord] = (),
    direction: str | None = None,
) -> Drawing:
    """Lay the layers out. expected: what the last layer's output should be. deltas: what came to layers in a backward pass.

    depth: how many levels of groups are open, as many as stay readable unless given; full: all, and no repeats folded.
    highlight: layers, groups, globs. direction: "right" or "down"; few boxes go to the right, many down.
    Raises UnknownNameError for a highlight that means no layer.
    """
    shown = scheme(records, depth=depth, full=full)
    lit = marked(records, shown, highlight)
    if isinstance(expected, Mapping):
        expected = next(iter(expected.values()), None)
    boxes = shown.boxes()
    go = direction or (RIGHT if len(boxes) + (expected is not None) <= ACROSS and len(shown.shapes) == len(boxes) else DOWN)
    found = _placed(records, shown, lit, expected, deltas, title, go)
    if direction is None and go == RIGHT and found.layout.width > WIDE:
        return _placed(records, shown, lit, expected, deltas, title, DOWN)
    return found


def svg(records: Sequence[LayerRecord], **more: Any) -> str:
    """The drawing as the text of an SVG; see `drawing` for what it takes."""
    return rendered(drawing(records, **more))


def _placed(
    records: Sequence[LayerRecord],
    shown: Scheme,
    lit: Collection[str],
    expected: Any,
    deltas: Sequence[DeltaRecord],
    title: str,
    direction: str,
) -> Drawing:
    boxes, beside = shown.boxes(), direction == DOWN
    pictures = len(boxes) <= PICTURED
    came = {delta.name: delta for delta in deltas}
    cards = {}
    for box in boxes:
        card = layer_card(box, pictures=pictures, beside=beside)
        cards[box.id] = with_delta(replace(card, marked=box.id in lit), came.get(box.layer.name))
    items, arrows = [_item(shape, cards, shown.inputs) for shape in shown.shapes], list(shown.arrows)
    if expected is not None and records:
        last = records[-1]
        home = shown.homes.get(last.name, boxes[-1].id)
        card = replace(expected_card(last.values[0] if last.values else None, expected, beside=beside), id="expected")
        cards["expected·"] = card
        width, height = card.size
        items.append(Item("expected·", width, height))
        arrows.append((home, "expected·"))
    reached = {shown.homes[delta.name] for delta in deltas if delta.norm is not None and delta.name in shown.homes}
    return Drawing(shown, cards, layout(items, arrows, direction=direction, pads=Pads()), title, frozenset(reached))


def _item(shape: Shape, cards: Mapping[str, Card], inputs: Collection[str]) -> Item:
    if shape.inner:
        name = width_of(fitted(shape.name, HEADING, 400, bold=True), HEADING, bold=True) + 40 + 34 * (shape.times > 1)
        return Item(shape.id, name, 40.0, tuple(_item(inner, cards, inputs) for inner in shape.inner))
    width, height = cards[shape.id].size
    return Item(shape.id, round(width, 1), round(height, 1), first=shape.id in inputs)


def rendered(made: Drawing, *, dark: bool = True) -> str:
    """As the text of an SVG. dark: it follows the page into the dark."""
    body = [_frame(rect, shape) for rect, shape in _framed(made)]
    body += _arrows(made)
    body += [_named(rect, shape) for rect, shape in _framed(made)]
    body += [made.cards[rect.id].svg(rect.x, rect.y, rect.width, rect.height) for rect in made.layout.boxes]
    return _page(made, body, dark)


def _framed(made: Drawing) -> list[tuple[Rect, Shape]]:
    shapes: dict[str, Shape] = {}
    waiting = list(made.scheme.shapes)
    while waiting:
        shape = waiting.pop()
        shapes[shape.id] = shape
        waiting.extend(shape.inner)
    return [(rect, shapes[rect.id]) for rect in made.layout.frames]


def _frame(rect: Rect, shape: Shape) -> str:
    """Its border, twice where it stands for several."""
    size = f'width="{rect.width:.1f}" height="{rect.height:.1f}" rx="12"'
    behind = f'<rect class="frame" x="{rect.x + 5:.1f}" y="{rect.y + 5:.1f}" {size}/>' if shape.times > 1 else ""
    tip = html.escape(clean(shape.id))
    return f'<g><title>{tip}</title>{behind}<rect class="frame box" x="{rect.x:.1f}" y="{rect.y:.1f}" {size}/></g>'


def _named(rect: Rect, shape: Shape) -> str:
    """Its name, over the arrows that come in."""
    text = html.escape(fitted(shape.name, HEADING, rect.width - 30 - 34 * (shape.times > 1), bold=True))
    times = badge(rect.x + rect.width - 8, rect.y, shape.times) if shape.times > 1 else ""
    return f'<text class="heading" x="{rect.x + 13:.1f}" y="{rect.y + 20:.1f}">{text}</text>{times}'


def _arrows(made: Drawing) -> list[str]:
    """Each stretch that arrows have in common once; a tip at every end."""
    flat = made.layout.direction == RIGHT
    drawn: set[tuple[object, ...]] = set()
    found = []
    for route in made.layout.routes:
        points = route.points
        start = 0
        while start < len(points) - 2 and (route.source, points[start], points[start + 1]) in drawn:
            start += 1
        drawn.update((route.source, a, b) for a, b in itertools.pairwise(points))
        kind = "wish" if route.target == "expected·" else "arrow"
        tip = "" if kind == "wish" else ' marker-end="url(#laminae-tip)"'
        found.append(f'<path class="{kind}"{tip} d="{_curve(points[start:], flat)}"/>')
        if route.source in made.reached and kind == "arrow":
            back = [(x + APART * 2 * (not flat), y + APART * 2 * flat) for x, y in reversed(points)]
            found.append(f'<path class="back" marker-end="url(#laminae-back)" d="{_curve(back, flat)}"/>')
    return found


def _curve(points: Sequence[tuple[float, float]], flat: bool) -> str:
    """Straight along the page, else in a bend that leaves and arrives along it."""
    (x, y), parts = points[0], [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for a, b in points[1:]:
        if abs(a - x) < 0.05 or abs(b - y) < 0.05:
            parts.append(f"L{a:.1f} {b:.1f}")
        elif flat:
            half = (x + a) / 2
            parts.append(f"C{half:.1f} {y:.1f} {half:.1f} {b:.1f} {a:.1f} {b:.1f}")
        else:
            half = (y + b) / 2
            parts.append(f"C{x:.1f} {half:.1f} {a:.1f} {half:.1f} {a:.1f} {b:.1f}")
        x, y = a, b
    return "".join(parts)


def _page(made: Drawing, body: Sequence[str], dark: bool) -> str:
    cards = list(made.cards.values())
    kinds = [kind for kind in LEGEND if any(card.kind == kind or (kind == "marked" and card.marked) for card in cards)]
    spans = [width_of(LEGEND[kind], 11) + 40 for kind in kinds] + [width_of(BACKWARD, 11) + 40] * bool(made.reached)
    least = max(width_of(made.title, 18, bold=True), sum(spans))
    width, height = max(made.layout.width, least) + 2 * MARGIN + 8, made.layout.height + HEAD + 2 * MARGIN + 34
    inset = MARGIN + max(least - made.layout.width, 0) / 2
    heading = html.escape(clean(made.title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="laminae" role="img" aria-label="{heading}" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">\n'
        f"<title>{heading}</title>\n<style>{STYLE}{DARK if dark else ''}</style>\n"
        f"<defs>{_marker('laminae-tip', 'tip')}{_marker('laminae-back', 'backtip')}</defs>\n"
        '<rect class="paper" width="100%" height="100%"/>\n'
        f'<text class="title" x="{MARGIN:.0f}" y="{MARGIN + 14:.0f}">{heading}</text>\n'
        f'<g transform="translate({inset:.1f} {MARGIN + HEAD:.1f})">\n'
        + "\n".join(body)
        + "\n</g>\n"
        + _legend(kinds, bool(made.reached), height - 30)
        + "\n</svg>\n"
    )


BACKWARD = "backward: deltas"


def _legend(kinds: Sequence[str], deltas: bool, y: float) -> str:
    parts, x = [], MARGIN
    for kind in kinds:
        parts.append(f'<rect class="box {kind}" x="{x:.1f}" y="{y:.1f}" width="15" height="12" rx="4"/>')
        parts.append(f'<text class="key" x="{x + 21:.1f}" y="{y + 10:.1f}">{LEGEND[kind]}</text>')
        x += width_of(LEGEND[kind], 11) + 40
    if deltas:
        parts.append(f'<path class="back" d="M{x:.1f} {y + 6:.1f}h18"/>')
        parts.append(f'<text class="key" x="{x + 24:.1f}" y="{y + 10:.1f}">{BACKWARD}</text>')
    return "".join(parts)


def _marker(name: str, kind: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" '
        f'orient="auto"><path class="{kind}" d="M0 .6 7.6 4 0 7.4Z"/></marker>'
    )

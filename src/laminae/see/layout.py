"""Where the boxes of an ordered graph stand, and the way of each arrow between them.

Layers stand in ranks, one after another along the page; an arrow that passes over ranks has a narrow place of its own in
each. Sugiyama, Tagawa, Toda 1981, without the search for ranks: forward order gives them in one pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

FAR = 24
"""An arrow over more ranks than this has no place of its own: it goes straight."""

SWEEPS = 8
SETTLES = 24


@dataclass
class Place:
    """A box, or an arrow's way through a rank (box −1). before, after: its extent across, on each side of `across`.

    along: where it begins and how long it is; across: the line that arrows enter and leave by.
    """

    box: int
    rank: int
    before: float
    after: float
    length: float
    along: float = 0.0
    across: float = 0.0
    left: list[Place] = field(default_factory=list)
    right: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """places: of each box, in order. ways: for each edge the places it goes through. length, breadth: of the whole."""

    places: tuple[Place, ...]
    ways: tuple[tuple[Place, ...], ...]
    length: float
    breadth: float


def layout(
    sizes: Sequence[tuple[float, float, float]],
    edges: Sequence[tuple[int, int]],
    ranks: Sequence[int],
    *,
    gap: float = 40,
    space: float = 24,
) -> Layout:
    """sizes: of each box its length along and its extents before and after the arrow line. edges: (from, to), from < to.

    ranks: of each box, from 0. gap: between ranks; space: between boxes of one rank.
    """
    places = [
        Place(i, rank, before, after, length) for i, ((length, before, after), rank) in enumerate(zip(sizes, ranks, strict=True))
    ]
    ways = [_way(places[a], places[b]) for a, b in edges]
    columns: list[list[Place]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for place in [*places, *(place for way in ways for place in way[1:-1])]:
        columns[place.rank].append(place)
    _order(columns)
    _settle(columns, space)
    length = _advance(columns, gap)
    low = min((p.across - p.before for column in columns for p in column), default=0.0)
    for column in columns:
        for place in column:
            place.across -= low
    breadth = max((p.across + p.after for column in columns for p in column), default=0.0)
    return Layout(tuple(places), tuple(map(tuple, ways)), length, breadth)


def ranks(boxes: int, edges: Sequence[tuple[int, int]], loose: Collection[int] = ()) -> list[int]:
    """One more than the furthest box read. loose: boxes that wait for no input; they stand right before their first reader."""
    reads: list[list[int]] = [[] for _ in range(boxes)]
    readers: list[list[int]] = [[] for _ in range(boxes)]
    for a, b in edges:
        reads[b].append(a)
        readers[a].append(b)
    found = [0] * boxes
    for box in range(boxes):
        found[box] = max((found[a] + 1 for a in reads[box]), default=0)
    for box in range(boxes - 1, -1, -1):
        if box in loose and readers[box]:
            found[box] = min(found[b] for b in readers[box]) - 1
    return found


def _way(first: Place, last: Place) -> list[Place]:
    between = range(first.rank + 1, last.rank) if last.rank - first.rank <= FAR else ()
    way = [first, *(Place(-1, rank, 6, 6, 0) for rank in between), last]
    for a, b in pairwise(way):
        a.right.append(b)
        b.left.append(a)
    return way


def _order(columns: list[list[Place]]) -> None:
    """Bring what is joined side by side: each place at the mean of those it is joined to, forth and back."""
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for column in columns if forth else reversed(columns):
            for i, place in enumerate(column):
                place.across = float(i)
        for column in columns[1:] if forth else columns[-2::-1]:
            mean = {id(p): _mean(p.left if forth else p.right, p.across) for p in column}
            column.sort(key=lambda p: mean[id(p)])
            for i, place in enumerate(column):
                place.across = float(i)


def _mean(neighbours: Sequence[Place], own: float) -> float:
    return sum(p.across for p in neighbours) / len(neighbours) if neighbours else own


def _settle(columns: list[list[Place]], space: float) -> None:
    """Move each place towards the middle of its neighbours, as far as the others of its rank leave room."""
    for column in columns:
        at = 0.0
        for place in column:
            place.across = at + place.before
            at = place.across + place.after + space
        for place in column:
            place.across -= (at - space) / 2
    for turn in range(SETTLES):
        forth = turn % 2 == 0
        for column in columns if forth else reversed(columns):
            _relax(column, [_mean((p.left if forth else p.right) or [p], p.across) for p in column], space)
    for column in columns:
        _relax(column, [_mean((p.left + p.right) if p.box < 0 else [p], p.across) for p in column], space)


def _relax(column: Sequence[Place], wish: Sequence[float], space: float) -> None:
    low, high = _pressed(column, wish, space), _pressed_back(column, wish, space)
    for place, a, b in zip(column, low, high, strict=True):
        place.across = (a + b) / 2


def _pressed(column: Sequence[Place], wish: Sequence[float], space: float) -> list[float]:
    """Each at its wish, or further where the one before it leaves no room."""
    found: list[float] = []
    for i, place in enumerate(column):
        least = found[-1] + column[i - 1].after + space + place.before if found else wish[i]
        found.append(max(wish[i], least))
    return found


def _pressed_back(column: Sequence[Place], wish: Sequence[float], space: float) -> list[float]:
    found: list[float] = []
    for i in range(len(column) - 1, -1, -1):
        most = found[-1] - column[i + 1].before - space - column[i].after if found else wish[i]
        found.append(min(wish[i], most))
    return found[::-1]


def _advance(columns: list[list[Place]], gap: float) -> float:
    """Give each rank its stretch along the page; the whole length."""
    at = 0.0
    for column in columns:
        length = max((place.length for place in column), default=0.0)
        for place in column:
            if place.box < 0:
                place.length = length
            place.along = at + (length - place.length) / 2
        at += length + gap
    return max(at - gap, 0.0)

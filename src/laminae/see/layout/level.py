"""One group laid out by itself: its boxes in ranks, the ways between them, and where arrows cross its border.

Everything is in two directions: along the page, as forward order goes, and across it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from laminae.see.layout.order import ordered
from laminae.see.layout.places import Places, places_of
from laminae.see.layout.positions import across
from laminae.see.layout.ranks import ranks
from laminae.see.layout.routes import Point, ways

GAP, SPACE = 36.0, 26.0
"""Between ranks, and between the boxes of one rank."""

EDGE = 10.0
"""Between a border that arrows cross and the first or last rank of boxes."""

BEND = 0.10
"""Ranks stand further apart where arrows between them go far across: by so much of it."""

FURTHEST = 90.0
"""But by no more than this."""


@dataclass(frozen=True)
class Link:
    """From one end to another. net: links of one net begin at one point. leave, enter: where, from the middle of the box."""

    source: int
    target: int
    net: int
    leave: float = 0.0
    enter: float = 0.0


@dataclass(frozen=True)
class Level:
    """sizes: of each box, along and across. Ends of links are boxes by number, then entries, then exits.

    entries, exits: how many arrows come in and go out. first: boxes that stand in the first rank. frames: those that are frames,
    whose arrows cross the border where they do.
    """

    sizes: tuple[tuple[float, float], ...]
    links: tuple[Link, ...]
    entries: int = 0
    exits: int = 0
    first: tuple[int, ...] = ()
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class Solved:
    """corners: of each box, along and across. entries, exits: where they are across. ways: the points of each link.

    crossings: how many arrows cross between ranks.
    """

    corners: tuple[tuple[float, float], ...]
    entries: tuple[float, ...]
    exits: tuple[float, ...]
    ways: tuple[tuple[Point, ...], ...]
    length: float
    breadth: float
    crossings: int


@lru_cache(maxsize=2048)
def solve(level: Level) -> Solved:
    """Lay a group out. The same group gives the same places, and is laid out once."""
    boxes, ends = len(level.sizes), len(level.sizes) + level.entries + level.exits
    entering = range(boxes, boxes + level.entries)
    pairs = dict.fromkeys((link.source, link.target) for link in level.links)
    rank = ranks(ends, pairs, (*level.first, *entering))
    for end in range(boxes + level.entries, ends):
        rank[end] = max(rank, default=0)
    sizes = [*level.sizes, *[(0.0, 0.0)] * (level.entries + level.exits)]
    places = places_of(sizes, rank, level.links, free=range(boxes, ends))
    columns, crossings = ordered(places)
    middle, lanes = across(places, columns, SPACE, border=boxes)
    starts, stretches, length = _along(places, columns, middle)
    corners = tuple(
        (starts[rank[i]] + (stretches[rank[i]] - along) / 2, middle[i] - wide / 2) for i, (along, wide) in enumerate(level.sizes)
    )
    breadth = max(
        [middle[i] + places.after[i] for i in range(len(middle))] + [lane + SPACE / 2 for lane in lanes.values()], default=0.0
    )
    return Solved(
        corners,
        tuple(middle[i] for i in entering),
        tuple(middle[i] for i in range(boxes + level.entries, ends)),
        ways(places, level.links, sizes, middle, lanes, starts, stretches, {*level.frames, *range(boxes, ends)}),
        length,
        breadth,
        crossings,
    )


def _along(places: Places, columns: list[list[int]], middle: list[float]) -> tuple[list[float], list[float], float]:
    """Where each rank begins along the page, how long it is, and the whole length."""
    stretches = [max([places.length[p] for p in column], default=0.0) for column in columns]
    far = [0.0] * len(columns)
    for a, b, leave, enter in places.segments:
        distance = abs(middle[a] + leave - middle[b] - enter)
        if distance > far[places.rank[a]]:
            far[places.rank[a]] = distance
    starts, at = [], 0.0
    for rank, (stretch, distance) in enumerate(zip(stretches, far, strict=True)):
        starts.append(at)
        border = (rank == 0 and not stretch) or (rank == len(columns) - 2 and not stretches[-1])
        least = min(EDGE + distance / 4, GAP) if border else GAP
        at += stretch + least + min(distance * BEND, FURTHEST)
    return starts, stretches, (starts[-1] + stretches[-1]) if columns else 0.0

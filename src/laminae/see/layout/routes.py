"""The points of each arrow, from the border of one box to that of the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from laminae.see.layout.places import Places

if TYPE_CHECKING:
    from laminae.see.layout.level import Link

Point = tuple[float, float]
"""Along the page, and across it."""

Points = tuple[Point, ...]

NEAR = 12.0
"""An arrow leaves and enters a box by so much beside its middle where it then goes straight."""


def ways(
    places: Places,
    links: Sequence[Link],
    sizes: Sequence[tuple[float, float]],
    middle: Sequence[float],
    lanes: Mapping[int, float],
    starts: Sequence[float],
    stretches: Sequence[float],
    fixed: Collection[int],
) -> tuple[Points, ...]:
    """lanes: where the arrows of a net that goes round are across. starts, stretches: of each rank along the page.

    fixed: ends whose arrows meet them in one point.
    """
    ends = [start + stretch for start, stretch in zip(starts, stretches, strict=True)]
    trunks: dict[int, dict[int, list[Point]]] = {}
    found = []
    for link in links:
        a, b = link.source, link.target
        first, last = places.rank[a], places.rank[b]
        x, y = middle[a] + link.leave, middle[b] + link.enter
        begin, end = starts[first] + (stretches[first] + sizes[a][0]) / 2, starts[last] + (stretches[last] - sizes[b][0]) / 2
        if last - first == 1:
            y = _near(y, x, b in fixed)
            x = _near(x, y, a in fixed)
            between: list[Point] = [(begin, x), (ends[first], x)]
        elif link.net in lanes:
            lane = lanes[link.net]
            between = [(begin, x), (ends[first], x), (starts[first + 1], lane), (ends[last - 1], lane)]
        else:
            if link.net not in trunks:
                trunk = places.trunks[link.net]
                x = _near(x, middle[trunk[first + 1]], a in fixed)
                trunks[link.net] = _trunk([(begin, x), (ends[first], x)], trunk, middle, starts, ends)
            between = trunks[link.net][last - 1]
            y = _near(y, between[-1][1], b in fixed)
        found.append(straightened([*between, (starts[last], y), (end, y)]))
    return tuple(found)


def _near(across: float, wish: float, fixed: bool) -> float:
    return wish if not fixed and abs(across - wish) <= NEAR else across


def _trunk(
    begin: Sequence[Point], trunk: Mapping[int, int], middle: Sequence[float], starts: Sequence[float], ends: Sequence[float]
) -> dict[int, list[Point]]:
    """By rank: the way from its source up to there, straight stretches in one. What arrows have in common is walked once."""
    kept: list[Point] = list(straightened(begin))
    found = {}
    for rank, place in trunk.items():
        for point in ((starts[rank], middle[place]), (ends[rank], middle[place])):
            _append(kept, point)
        found[rank] = list(kept)
    return found


def straightened(points: Sequence[Point]) -> Points:
    """Without the points that lie on a straight line along the page."""
    kept: list[Point] = []
    for point in points:
        _append(kept, point)
    return tuple(kept)


def _append(kept: list[Point], point: Point) -> None:
    if kept and kept[-1] == point:
        return
    if len(kept) > 1 and abs(kept[-2][1] - point[1]) < 1e-6 and abs(kept[-1][1] - point[1]) < 1e-6:
        kept[-1] = point
    else:
        kept.append(point)

"""The order of places within their rank: what is joined stands side by side, so that few arrows cross."""

from __future__ import annotations

from bisect import bisect_right, insort

from laminae.see.layout.places import Places

SWEEPS, WORK, SMALL = 8, 40_000, 400
"""Sweeps at most; of how many arrows from rank to rank in all; up to how many places neighbours are exchanged as well."""

Joined = list[list[tuple[int, float, float]]]
"""For each place: what it is joined to, where the arrow meets that one, and where itself, in parts of a place."""


def ordered(places: Places) -> tuple[list[list[int]], int]:
    """The places of each rank in order across, and how many arrows cross.

    Sweeps forth and back put each at the mean of what it is joined to; the order with the fewest crossings is kept, the first
    one where there are none. Of equals the boxes come first, then arrows that began last, so that those far out stay far out.
    """
    up, down = _joined(places)
    columns = _first(places)
    fewest = _sweep(columns, up, down, forth=True)
    best = [list(column) for column in columns]
    for turn in range(min(SWEEPS, WORK // max(len(places.segments), 1))):
        if not fewest:
            return best, 0
        crossings = _sweep(columns, up, down, forth=turn % 2 == 1)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    if fewest and len(places) <= SMALL:
        _exchange(best, up, down)
        fewest = _count(best, down)
    return best, fewest


def _count(columns: list[list[int]], down: Joined) -> int:
    at = {place: i for column in columns for i, place in enumerate(column)}
    return sum(_crossings(column, at, down) for column in columns)


def _joined(places: Places) -> tuple[Joined, Joined]:
    up: Joined = [[] for _ in range(len(places))]
    down: Joined = [[] for _ in range(len(places))]
    for a, b, leave, enter in places.segments:
        left, right = leave / (places.before[a] * 2 or 1.0), enter / (places.before[b] * 2 or 1.0)
        down[a].append((b, right, left))
        up[b].append((a, left, right))
    return up, down


def _first(places: Places) -> list[list[int]]:
    columns: list[list[int]] = [[] for _ in range(max(places.rank, default=-1) + 1)]
    for place in [*range(places.ends), *range(len(places) - 1, places.ends - 1, -1)]:
        columns[places.rank[place]].append(place)
    return columns


def _sweep(columns: list[list[int]], up: Joined, down: Joined, *, forth: bool) -> int:
    """Sort each rank by the one before it; how many arrows cross then."""
    at = {place: i for column in columns for i, place in enumerate(column)}
    joined = up if forth else down
    for column in columns[1:] if forth else columns[-2::-1]:
        if len(column) > 1:
            mean = {}
            for place in column:
                met = joined[place]
                mean[place] = sum([at[other] + part for other, part, _ in met]) / len(met) if met else float(at[place])
            column.sort(key=mean.__getitem__)
            for i, place in enumerate(column):
                at[place] = i
    return sum([_crossings(column, at, down) for column in columns])


def _crossings(column: list[int], at: dict[int, int], down: Joined) -> int:
    """Of the arrows that leave this rank."""
    ends: list[tuple[float, float]] = []
    for i, place in enumerate(column):
        for other, there, here in down[place]:
            ends.append((i + here, at[other] + there))
    if len(ends) < 2:
        return 0
    ends.sort()
    found = 0
    seen: list[float] = []
    for _, end in ends:
        found += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return found


def _exchange(columns: list[list[int]], up: Joined, down: Joined) -> None:
    """Exchange neighbours as long as that saves crossings. Gansner and others 1993, section 3."""
    at = {place: i for column in columns for i, place in enumerate(column)}
    better = True
    while better:
        better = False
        for column in columns:
            for i in range(len(column) - 1):
                a, b = column[i], column[i + 1]
                now = _pair(up[a], up[b], at) + _pair(down[a], down[b], at)
                then = _pair(up[b], up[a], at) + _pair(down[b], down[a], at)
                if then < now:
                    column[i], column[i + 1] = b, a
                    at[a], at[b] = i + 1, i
                    better = True


def _pair(left: list[tuple[int, float, float]], right: list[tuple[int, float, float]], at: dict[int, int]) -> int:
    """Crossings of the arrows of two neighbours."""
    ends = [at[other] + part for other, part, _ in right]
    return sum(1 for other, part, _ in left for end in ends if at[other] + part > end)

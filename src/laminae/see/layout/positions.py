"""Where places are across the page: joined ones in one line as far as can be, nothing over anything, no wider than need be.

Brandes, Köpf 2002: four times over (from the first rank or the last, from the left or the right) each place is put in line with
the middle one of those it is joined to; the lines are pushed together; the mean of the middle two is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from laminae.see.layout.places import NARROW, Places

CLOSE = 9.0
"""Between two arrows; a box and an arrow stand as far apart as the mean of this and the space between boxes."""

LARGE = 2500
"""Of more places than this, only two of the four."""

WIDER = 1.4
"""The whole may be so many times as wide as its widest rank."""

LANES, LANE = 24, 7.0
"""Lanes beside everything for arrows that go far, and how far they are apart; further ones share them."""

Lines = tuple[list[int], list[float]]
"""For each place the line it is in (by its first place), and how far from that line."""


def across(places: Places, columns: list[list[int]], space: float, *, border: int) -> tuple[list[float], dict[int, float]]:
    """The middle of each place, the leftmost extent being 0; and where the lanes are of nets that go round.

    border: the first end that is a point on the border; such points stand where their arrows go, as far as there is room.
    """
    if not len(places):
        return [], {}
    apart = _apart(places, columns, space)
    joined = _Joined(places, columns)
    found = [
        _pushed(joined.lines(forth, left), apart, left=left)
        for forth, left in (((True, True), (False, False)) if len(places) > LARGE else _FOUR)
    ]
    middle = _balanced(found, places)
    middle = _bounded(middle, places, columns, apart)
    for forth, column in ((False, columns[0]), (True, columns[-1])):
        if column and all(border <= place < places.ends for place in column):
            _beside(column, joined.up if forth else joined.down, middle)
    low = float((middle - np.array(places.before)).min())
    found_at: list[float] = (middle - low).tolist()
    right = max(at + after for at, after in zip(found_at, places.after, strict=True))
    return found_at, _lanes(places.laned, right)


_FOUR = ((True, True), (True, False), (False, True), (False, False))


class _Apart:
    """Neighbours in a rank, and how far apart their middles must be at least."""

    def __init__(self, left: list[int], right: list[int], least: list[float]) -> None:
        self.left, self.right, self.least = left, right, least


def _apart(places: Places, columns: list[list[int]], space: float) -> _Apart:
    left = [place for column in columns for place in column[:-1]]
    right = [place for column in columns for place in column[1:]]
    ends, before, after = places.ends, places.before, places.after
    spaces = (space, (space + CLOSE) / 2, CLOSE)
    least = [after[a] + before[b] + spaces[(a >= ends) + (b >= ends)] for a, b in zip(left, right, strict=True)]
    return _Apart(left, right, least)


class _Joined:
    """What each place is joined to on both sides, from left to right, and which joints give way to arrows that go far."""

    def __init__(self, places: Places, columns: list[list[int]]) -> None:
        self.places, self.columns = places, columns
        self.at = [0] * len(places)
        for column in columns:
            for i, place in enumerate(column):
                self.at[place] = i
        self.up: list[list[tuple[int, int, float]]] = [[] for _ in range(len(places))]
        self.down: list[list[tuple[int, int, float]]] = [[] for _ in range(len(places))]
        for a, b, leave, enter in places.segments:
            self.up[b].append((self.at[a], a, leave - enter))
            self.down[a].append((self.at[b], b, enter - leave))
        for joints in (*self.up, *self.down):
            if len(joints) > 1:
                joints.sort()
        self.weak = self._weak()

    def _weak(self) -> set[tuple[int, int]]:
        """Joints that cross an arrow which passes over both ranks: that one goes straight."""
        found: set[tuple[int, int]] = set()
        ends = self.places.ends
        for above, column in zip(self.columns, self.columns[1:], strict=False):
            if len(column) < 2 or len(above) < 2:
                continue
            low, done = 0, 0
            for i, place in enumerate(column):
                inner = place >= ends and self.up[place] and self.up[place][0][1] >= ends
                if not inner and i < len(column) - 1:
                    continue
                high = self.up[place][0][0] if inner else len(above) - 1
                for other in column[done : i + 1]:
                    for at, met, _ in self.up[other]:
                        if not low <= at <= high and not (met >= ends and other >= ends):
                            found.add((met, other))
                low, done = high, i + 1
        return found

    def lines(self, forth: bool, left: bool) -> Lines:
        """Each place in line with the middle one of those it is joined to, where no other is in the way."""
        count = len(self.places)
        root, shift = list(range(count)), [0.0] * count
        joined, weak = self.up if forth else self.down, self.weak
        for column in self.columns if forth else self.columns[::-1]:
            last = -1 if left else count
            for place in column if left else reversed(column):
                joints = joined[place]
                if not joints:
                    continue
                low, high = (len(joints) - 1) // 2, len(joints) // 2
                for middle in ((low, high) if left else (high, low)) if low != high else (low,):
                    at, other, step = joints[middle]
                    free = at > last if left else at < last
                    if free and ((other, place) if forth else (place, other)) not in weak:
                        root[place], shift[place], last = root[other], shift[other] + step, at
                        break
        return root, shift


def _pushed(lines: Lines, apart: _Apart, *, left: bool) -> np.ndarray[Any, Any]:
    """Every line as far to the one side as those before it let it, then back to those after it."""
    root, shift = lines
    pairs = zip(apart.left, apart.right, apart.least, strict=True)
    edges = [(root[a], root[b], least + shift[a] - shift[b]) for a, b, least in pairs]
    if not left:
        edges = [(b, a, least) for a, b, least in edges]
    after: dict[int, list[tuple[int, float]]] = {}
    waiting: dict[int, int] = {}
    for a, b, least in edges:
        after.setdefault(a, []).append((b, least))
        waiting[b] = waiting.get(b, 0) + 1
    order = [line for line in after if line not in waiting]
    at = [0.0] * len(root)
    for line in order:
        here = at[line]
        for other, least in after.get(line, ()):
            if here + least > at[other]:
                at[other] = here + least
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for line in reversed(order):
        if line in after:
            at[line] = max(at[line], min([at[other] - least for other, least in after[line]]))
    found = np.array(at)[root]
    return np.asarray((found if left else -found) + np.array(shift))


def _balanced(found: list[np.ndarray[Any, Any]], places: Places) -> np.ndarray[Any, Any]:
    """All brought to the edges of the narrowest; the mean of the middle two."""
    before, after = np.array(places.before), np.array(places.after)
    lows, highs = [float((x - before).min()) for x in found], [float((x + after).max()) for x in found]
    narrowest = int(np.argmin([high - low for low, high in zip(lows, highs, strict=True)]))
    moved = []
    for i, x in enumerate(found):
        from_left = i < len(found) / 2 if len(found) == 2 else i % 2 == 0
        moved.append(x + (lows[narrowest] - lows[i] if from_left else highs[narrowest] - highs[i]))
    ranked = np.sort(np.stack(moved), axis=0)
    half = len(found) // 2
    return np.asarray((ranked[half - 1] + ranked[half]) / 2)


def _bounded(x: np.ndarray[Any, Any], places: Places, columns: list[list[int]], apart: _Apart) -> np.ndarray[Any, Any]:
    """Moved in from both sides where the whole is much wider than its widest rank; order and distances stay."""
    before, after = np.array(places.before), np.array(places.after)
    least = dict(zip(apart.right, apart.least, strict=True))
    room, offset, widths = [0.0] * len(x), [0.0] * len(x), []
    for column in columns:
        at = 0.0
        for i, place in enumerate(column):
            at += least[place] if i else places.before[place]
            offset[place] = at
        widths.append(at + places.after[column[-1]] if column else 0.0)
        for place in column:
            room[place] = widths[-1] - offset[place]
    widest = max(widths) * WIDER
    low, high = float((x - before).min()), float((x + after).max())
    if high - low <= widest:
        return x
    start = min(max(float(np.median(x)) - widest / 2, low), high - widest)
    return np.asarray(np.minimum(np.maximum(x, start + np.array(offset)), start + widest - np.array(room)))


def _beside(column: list[int], joined: list[list[tuple[int, int, float]]], middle: np.ndarray[Any, Any]) -> None:
    """Points of a border each in line with what it is joined to, or as near as those beside it let it."""
    least = 2 * NARROW + CLOSE
    wish = [
        float(np.mean([middle[other] + step for _, other, step in joined[p]])) if joined[p] else float(middle[p]) for p in column
    ]
    up, down = list(wish), list(wish)
    for i in range(1, len(column)):
        up[i] = max(up[i], up[i - 1] + least)
        down[-1 - i] = min(down[-1 - i], down[-i] - least)
    for place, a, b in zip(column, up, down, strict=True):
        middle[place] = (a + b) / 2


def _lanes(nets: Mapping[int, tuple[int, int, int]], right: float) -> dict[int, float]:
    """Beside everything, as near as those before leave room."""
    until: list[int] = []
    found: dict[int, float] = {}
    for turn, (net, (_, first, last)) in enumerate(sorted(nets.items(), key=lambda item: (item[1][1], item[1][2], item[0]))):
        free = next((i for i, end in enumerate(until) if end <= first), None)
        if free is None and len(until) < LANES:
            free = len(until)
            until.append(0)
        elif free is None:
            free = turn % LANES
        until[free] = max(until[free], last)
        found[net] = right + CLOSE + LANE * free
    return found

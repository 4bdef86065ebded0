"""Boxes, and the narrow places of arrows that pass over ranks: what stands in each rank, and what is joined to what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laminae.see.layout.level import Link

NARROW = 4.0
"""Half the breadth of a place that an arrow passes through."""

MOST, EACH = 1000, 2
"""So many such places at most, and so many more for each box; the longest arrows beyond that go round in lanes."""


@dataclass
class Places:
    """By number: ends first, then the places of arrows. before, after: extent across on both sides of its middle.

    trunks: for each net, its places by rank; the arrows of one net go together until they part. laned: nets that go in a lane.
    segments: what is joined from rank to rank, as (place, place, leaves there, arrives there).
    """

    ends: int
    rank: list[int]
    before: list[float]
    after: list[float]
    length: list[float]
    segments: list[tuple[int, int, float, float]] = field(default_factory=list)
    trunks: dict[int, dict[int, int]] = field(default_factory=dict)
    laned: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rank)

    def passes(self, place: int) -> bool:
        """Whether it is the place of an arrow."""
        return place >= self.ends


def places_of(sizes: Sequence[tuple[float, float]], rank: Sequence[int], links: Sequence[Link], free: Iterable[int]) -> Places:
    """free: ends that are no boxes, but points on the border."""
    half = [wide / 2 for _, wide in sizes]
    for end in free:
        half[end] = NARROW
    found = Places(len(sizes), list(rank), half, list(half), [along for along, _ in sizes])
    nets = _nets(links)
    spare = MOST + EACH * len(sizes)
    for net in sorted(nets, key=lambda net: (_span(nets[net], rank), net)):
        spare -= max(_span(nets[net], rank), 0)
        if spare < 0:
            last = max(rank[link.target] for link in nets[net])
            found.laned[net] = nets[net][0].source, rank[nets[net][0].source], last
    for net, members in nets.items():
        _join(found, net, members)
    return found


def _nets(links: Sequence[Link]) -> dict[int, list[Link]]:
    nets: dict[int, list[Link]] = {}
    for link in links:
        nets.setdefault(link.net, []).append(link)
    return nets


def _span(links: Sequence[Link], rank: Sequence[int]) -> int:
    """Over how many ranks the arrows of a net pass."""
    return max([rank[link.target] for link in links]) - rank[links[0].source] - 1


def _join(found: Places, net: int, links: Sequence[Link]) -> None:
    """The places of a net, one in each rank up to its last reader, and what they are joined to."""
    source, leave = links[0].source, links[0].leave
    first, rank = found.rank[source], found.rank
    trunk: dict[int, int] = {}
    if net not in found.laned:
        place, at = source, leave
        for passed in range(first + 1, max([rank[link.target] for link in links])):
            trunk[passed] = len(found)
            rank.append(passed)
            found.before.append(NARROW)
            found.after.append(NARROW)
            found.length.append(0.0)
            found.segments.append((place, trunk[passed], at, 0.0))
            place, at = trunk[passed], 0.0
        found.trunks[net] = trunk
    for link in links:
        before = rank[link.target] - 1
        if before == first:
            found.segments.append((source, link.target, leave, link.enter))
        elif before in trunk:
            found.segments.append((trunk[before], link.target, 0.0, link.enter))

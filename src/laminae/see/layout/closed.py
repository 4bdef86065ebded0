"""Each group laid out with the groups in it closed: a page that opens and closes groups puts these together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from laminae.see.layout.groups import Node, Tree, uncollected
from laminae.see.layout.level import Level, Link, Solved, solve
from laminae.see.layout.records import DOWN, Item, Pads

IN, OUT = -1, -2
"""Ends of arrows that are no box of the group: the n-th entry is IN - 2 n, the n-th exit OUT - 2 n."""


@dataclass(frozen=True)
class Inside:
    """What is in a group, with closed groups in it as boxes. solved: where they stand; links: from which end to which each way.

    entries, exits: the ids of the boxes from which arrows come in, and of those in it whose arrows go out, in order.
    """

    id: str
    links: tuple[tuple[int, int], ...]
    solved: Solved
    entries: tuple[str, ...]
    exits: tuple[str, ...]


def insides(
    items: Sequence[Item], arrows: Iterable[tuple[str, str]], *, direction: str = DOWN, pads: Pads | None = None
) -> dict[str, Inside]:
    """By the id of the group, the whole under "". The size of an item with items in it is its own when it is closed.

    Equal groups share one `solved`. The rest as for `layout`.
    """
    with uncollected():
        tree = Tree(Item("", 0, 0, tuple(items)), direction == DOWN, pads or Pads())
        for a, b in dict.fromkeys(arrows):
            if a != b and a in tree.leaves and b in tree.leaves:
                tree.root.lead(tree.leaves[a], tree.leaves[b], a)
        return {node.item.id: _inside(node) for node in tree.nodes if node.nodes}


def _inside(node: Node) -> Inside:
    boxes, entries = len(node.nodes), len(node.entries)
    ends: dict[tuple[int, int], tuple[int, int]] = {}
    for source, target, key in node.links:
        a, told_a = (boxes + node.entries[key], IN - 2 * node.entries[key]) if source == "in" else (_number(source),) * 2
        b, told_b = (boxes + entries + node.exits[key], OUT - 2 * node.exits[key]) if target == "out" else (_number(target),) * 2
        ends.setdefault((a, b), (told_a, told_b))
    links = tuple(Link(a, b, a) for a, b in ends)
    sizes = tuple(_size(inner, node.down) for inner in node.nodes)
    first = tuple(i for i, inner in enumerate(node.nodes) if inner.item.first)
    solved = solve(Level(sizes, links, entries, len(node.exits), first))
    return Inside(node.item.id, tuple(ends.values()), solved, tuple(node.entries), tuple(node.exits))


def _number(end: object) -> int:
    assert isinstance(end, int)
    return end


def _size(node: Node, down: bool) -> tuple[float, float]:
    return (node.item.height, node.item.width) if down else (node.item.width, node.item.height)


def level_json(inside: Inside) -> dict[str, Any]:
    """Numbers and lists, pixels to a tenth: corners and points along and across the page."""
    solved = inside.solved
    return {
        "length": _round(solved.length),
        "breadth": _round(solved.breadth),
        "corners": [[_round(along), _round(across)] for along, across in solved.corners],
        "entries": [_round(at) for at in solved.entries],
        "exits": [_round(at) for at in solved.exits],
        "links": [list(link) for link in inside.links],
        "ways": [[_round(part) for point in way for part in point] for way in solved.ways],
    }


def _round(value: float) -> float:
    return round(value, 1)

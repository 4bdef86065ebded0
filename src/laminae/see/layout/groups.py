"""Groups in groups: each is laid out by itself, its frame is then a box in the group around it, and arrows go through borders."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from laminae.see.layout.level import Level, Link, Solved, solve
from laminae.see.layout.records import DOWN, Item, Layout, Pads, Rect, Route
from laminae.see.layout.routes import straightened

Points = list[tuple[float, float]]

FLIPS = 12
"""Frames of one frame that are tried the other way round."""


def layout(
    items: Sequence[Item], arrows: Iterable[tuple[str, str]], *, direction: str = DOWN, pads: Pads | None = None
) -> Layout:
    """items: boxes and frames, in forward order. arrows: from box to box by id, each once; what ends in no box is left out.

    Arrows must not make a cycle, nor one through frames: those of layers that stand together in forward order do not.
    """
    with uncollected():
        return _laid_out(items, arrows, direction, pads)


@contextmanager
def uncollected() -> Iterator[None]:
    """Many small tuples are made, nothing is thrown away: the collector, looking through all of torch, took half the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _laid_out(items: Sequence[Item], arrows: Iterable[tuple[str, str]], direction: str, pads: Pads | None) -> Layout:
    root = Item("", 0, 0, tuple(items))
    tree = Tree(root, direction == DOWN, pads or Pads())
    routed = [(a, b) for a, b in dict.fromkeys(arrows) if a != b and a in tree.leaves and b in tree.leaves]
    for a, b in routed:
        tree.root.lead(tree.leaves[a], tree.leaves[b], a)
    tree.root.solve()
    tree.root.place(0.0, 0.0)
    return tree.drawn(routed)


@dataclass(eq=False)
class Node:
    """A box, or a frame with nodes in it."""

    item: Item
    parent: Node | None
    number: int
    depth: int
    down: bool
    pads: tuple[float, float, float, float]
    nodes: list[Node] = field(default_factory=list)
    links: dict[tuple[object, object, str], None] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    exits: dict[str, int] = field(default_factory=dict)
    solved: Solved | None = None
    ways: dict[tuple[object, object, str], Points] = field(default_factory=dict)
    along: float = 0.0
    across: float = 0.0
    length: float = 0.0
    breadth: float = 0.0
    inset: float = 0.0
    flipped: bool = False

    def lead(self, source: Node, target: Node, key: str) -> None:
        """Note an arrow in every frame that it goes through. key: of the arrows that begin where it does."""
        for frame, link in self.through(source, target):
            frame.links.setdefault((*link, key))
            if link[0] == "in":
                frame.entries.setdefault(key, len(frame.entries))
            if link[1] == "out":
                frame.exits.setdefault(key, len(frame.exits))

    def through(self, source: Node, target: Node) -> list[tuple[Node, tuple[object, object]]]:
        """The frames on the way from box to box, and from what to what the way goes in each."""
        a, b = source, target
        leaving: list[tuple[Node, tuple[object, object]]] = []
        entering: list[tuple[Node, tuple[object, object]]] = []
        while a.parent is not b.parent:
            if a.depth >= b.depth:
                assert a.parent is not None
                leaving.append((a.parent, (a.number, "out")))
                a = a.parent
            else:
                assert b.parent is not None
                entering.append((b.parent, ("in", b.number)))
                b = b.parent
        assert a.parent is not None
        return [*leaving, (a.parent, (a.number, b.number)), *reversed(entering)]

    def solve(self) -> None:
        """Sizes from the inside out."""
        if not self.nodes:
            item = self.item
            self.length, self.breadth = (item.height, item.width) if self.down else (item.width, item.height)
            return
        for node in self.nodes:
            node.solve()
        self.solved = self._flipped(solve(self._level()))
        before, start, after, end = self._sides()
        least = (self.item.height, self.item.width) if self.down else (self.item.width, self.item.height)
        wanted = self.solved.breadth + start + end
        self.breadth = max(wanted, least[1])
        self.inset = start + (self.breadth - wanted) / 2
        self.length = max(self.solved.length + before + after, least[0])

    def _flipped(self, found: Solved) -> Solved:
        """With frames in it the other way round where fewer arrows cross then: inside a frame nothing knows what is outside."""
        able = [node for node in self.nodes if len(node.entries) + len(node.exits) > 1]
        for node in able[:FLIPS]:
            if not found.crossings:
                break
            node.flipped = True
            other = solve(self._level())
            if other.crossings < found.crossings:
                found = other
            else:
                node.flipped = False
        return found

    def _sides(self) -> tuple[float, float, float, float]:
        """Before, at the start across, after, at the end across; those across are equal, for a frame may be turned round."""
        left, top, right, bottom = self.pads
        return (top, left, bottom, right) if self.down else (left, top, right, top)

    def _level(self) -> Level:
        boxes, entries = len(self.nodes), len(self.entries)
        nets: dict[object, int] = {}
        links = []
        for source, target, key in self.links:
            a = boxes + self.entries[key] if source == "in" else source
            b = boxes + entries + self.exits[key] if target == "out" else target
            assert isinstance(a, int)
            assert isinstance(b, int)
            leave = 0.0 if source == "in" else self.nodes[a].port(key, leaves=True)
            enter = 0.0 if target == "out" else self.nodes[b].port(key, leaves=False)
            links.append(Link(a, b, nets.setdefault((a, key), len(nets)), leave, enter))
        sizes = tuple((node.length, node.breadth) for node in self.nodes)
        first = tuple(i for i, node in enumerate(self.nodes) if node.item.first)
        frames = tuple(i for i, node in enumerate(self.nodes) if node.nodes)
        return Level(sizes, tuple(links), entries, len(self.exits), first, frames)

    def port(self, key: str, *, leaves: bool) -> float:
        """Where arrows of that key cross its border, across from its middle: that of a box, in the middle."""
        if self.solved is None:
            return 0.0
        at = self.solved.exits[self.exits[key]] if leaves else self.solved.entries[self.entries[key]]
        offset = round(self.inset + at - self.breadth / 2, 3)
        return -offset if self.flipped else offset

    def place(self, along: float, across: float, *, mirrored: bool = False) -> None:
        """Where it and all in it stand on the page."""
        self.along, self.across = along, across
        if self.solved is None:
            return
        start, inset = along + self._sides()[0], across + self.inset
        mirrored, end = mirrored != self.flipped, across + self.breadth - self.inset
        for node, (a, b) in zip(self.nodes, self.solved.corners, strict=True):
            node.place(start + a, end - b - node.breadth if mirrored else inset + b, mirrored=mirrored)
        for link, way in zip(self.links, self.solved.ways, strict=True):
            self.ways[link] = [(start + a, end - b if mirrored else inset + b) for a, b in way]

    def bordered(self, link: tuple[object, object, str]) -> Points:
        """The way of an arrow in this frame, from border to border where it comes in or goes out."""
        points = list(self.ways[link])
        if link[0] == "in":
            points.insert(0, (self.along, points[0][1]))
        if link[1] == "out":
            points.append((self.along + self.length, points[-1][1]))
        return points


class Tree:
    def __init__(self, root: Item, down: bool, pads: Pads) -> None:
        self.down = down
        self.leaves: dict[str, Node] = {}
        self.nodes: list[Node] = []
        sides = (pads.left, pads.top, pads.right, pads.bottom)
        self.root = self._node(root, None, 0, 0, sides)
        self.root.pads = (0.0, 0.0, 0.0, 0.0)

    def _node(self, item: Item, parent: Node | None, number: int, depth: int, pads: tuple[float, float, float, float]) -> Node:
        node = Node(item, parent, number, depth, self.down, pads)
        self.nodes.append(node)
        node.nodes = [self._node(inner, node, i, depth + 1, pads) for i, inner in enumerate(item.items)]
        if not node.nodes:
            self.leaves[item.id] = node
        return node

    def drawn(self, arrows: Sequence[tuple[str, str]]) -> Layout:
        routes = []
        for a, b in arrows:
            way = self._way(a, b)
            routes.append(Route(a, b, tuple([(y, x) for x, y in way]) if self.down else tuple(way)))
        shown = self.nodes[1:]
        boxes = tuple(self._rect(node) for node in shown if not node.nodes)
        frames = tuple(self._rect(node) for node in shown if node.nodes)
        length, breadth = self.root.length, self.root.breadth
        width, height = (breadth, length) if self.down else (length, breadth)
        return Layout("down" if self.down else "right", width, height, boxes, frames, tuple(routes))

    def _way(self, a: str, b: str) -> Sequence[tuple[float, float]]:
        """Along and across, through all frames."""
        parts = self.root.through(self.leaves[a], self.leaves[b])
        if len(parts) == 1:
            ((frame, link),) = parts
            return frame.ways[(*link, a)]
        return straightened([point for frame, link in parts for point in frame.bordered((*link, a))])

    def _rect(self, node: Node) -> Rect:
        x, y = (node.across, node.along) if self.down else (node.along, node.across)
        width, height = (node.breadth, node.length) if self.down else (node.length, node.breadth)
        return Rect(node.item.id, x, y, width, height, node.depth - 1)

"""Groups in groups, and where everything stands in each: nodes and levels for a page that opens and closes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laminae.base.records import LayerRecord
from laminae.see.document.boxes import Box, box
from laminae.see.drawing.scheme import Scheme, Shape, scheme
from laminae.see.layout import DOWN, RIGHT, Item, insides
from laminae.see.layout.closed import level_json

ACROSS, WIDE = 9, 1280.0
"""So many boxes at most, and so many pixels, go from left to right; more from the top down."""

SHOWN = 64
"""As many boxes as are shown at first."""

PICTURED = 2_000
"""In more boxes than this none has a place for a picture."""

WISH = "expected·"
"""Begins the id of a box of what an output should be."""


@dataclass(frozen=True)
class Tree:
    """nodes[0] is the whole. homes: for each layer by name the number of the node that shows it, that of a later turn of a Loop
    the first's: there its place stands among the `turns`."""

    direction: str
    nodes: list[dict[str, Any]]
    levels: list[dict[str, Any]]
    arrows: list[list[int]]
    opened: list[int]
    homes: dict[str, int]


def tree(
    records: Sequence[LayerRecord],
    *,
    depth: int | None,
    direction: str | None,
    pictured: bool,
    wishes: Mapping[str, Box],
) -> Tree:
    """depth: how many levels of groups are open at first; as many as stay readable unless given.

    wishes: boxes of what outputs should be, by the layer's name. direction: "down" or "right".
    """
    shown = scheme(records, full=True)
    few = len(shown.shapes) + len(wishes) <= ACROSS and all(not shape.inner for shape in shown.shapes)
    go = direction or (RIGHT if few else DOWN)
    pictured = pictured and len(shown.boxes()) <= PICTURED
    made = _Maker(records, shown, pictured, wishes, go).made(depth)
    if direction is None and go == RIGHT and made.levels and made.levels[made.nodes[0]["level"]]["length"] > WIDE:
        return _Maker(records, shown, pictured, wishes, DOWN).made(depth)
    return made


class _Maker:
    def __init__(
        self, records: Sequence[LayerRecord], shown: Scheme, pictured: bool, wishes: Mapping[str, Box], direction: str
    ) -> None:
        self.shown, self.pictured, self.wishes, self.direction = shown, pictured, wishes, direction
        self.places = {record.name: i for i, record in enumerate(records)}
        self.nodes: list[dict[str, Any]] = []
        self.numbers: dict[str, int] = {}

    def made(self, depth: int | None) -> Tree:
        root: dict[str, Any] = {"id": "", "parent": None, "children": []}
        self.nodes.append(root)
        items = [self._item(shape, 0) for shape in self.shown.shapes]
        arrows = list(self.shown.arrows)
        for name, wish in self.wishes.items():
            identity = WISH + name
            items.append(Item(identity, wish.width, wish.height))
            self._node(identity, wish, 0, {"layer": self.places[name]})
            arrows.append((self.shown.homes[name], identity))
        levels = self._levels(items, arrows)
        homes = {name: self.numbers[identity] for name, identity in self.shown.homes.items()}
        for name, place in self.places.items():
            if place != self.nodes[homes[name]]["layer"]:
                self.nodes[homes[name]].setdefault("turns", []).append(place)
        ends = [[self.numbers[a], self.numbers[b]] for a, b in arrows]
        return Tree(self.direction, self.nodes, levels, ends, _opened(self.nodes, depth), homes)

    def _item(self, shape: Shape, parent: int) -> Item:
        drawn = box(shape, pictured=self.pictured, beside=self.direction == DOWN)
        more: dict[str, Any] = {"layer": self.places[shape.layer.name]}
        if shape.times > 1:
            more["times"] = shape.times
        if not shape.is_layer:
            more["layers"] = len(shape.node.block)
        number = self._node(shape.id, drawn, parent, more)
        inner = tuple(self._item(child, number) for child in shape.inner)
        return Item(shape.id, drawn.width, drawn.height, inner, first=shape.id in self.shown.inputs)

    def _node(self, identity: str, drawn: Box, parent: int, more: Mapping[str, Any]) -> int:
        number = len(self.nodes)
        self.numbers[identity] = number
        node: dict[str, Any] = {"id": identity, "name": drawn.name, "lines": list(drawn.lines), "kind": drawn.kind}
        node |= {"width": drawn.width, "height": drawn.height, "parent": parent, "children": [], **more}
        if drawn.slot is not None:
            node["slot"] = list(drawn.slot)
        self.nodes.append(node)
        self.nodes[parent]["children"].append(number)
        return number

    def _levels(self, items: Sequence[Item], arrows: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        """Equal groups have one level; its number, and from where to where its arrows go, stand in the node."""
        levels: list[dict[str, Any]] = []
        known: dict[tuple[int, object], int] = {}
        for identity, inside in insides(items, arrows, direction=self.direction).items():
            sign = id(inside.solved), inside.links
            if sign not in known:
                known[sign] = len(levels)
                levels.append(level_json(inside))
            node = self.nodes[self.numbers[identity]] if identity else self.nodes[0]
            node["level"] = known[sign]
            node["entries"] = [self.numbers[one] for one in inside.entries]
            node["exits"] = [self.numbers[one] for one in inside.exits]
        return levels


def _opened(nodes: Sequence[Mapping[str, Any]], depth: int | None) -> list[int]:
    """The groups down to that depth, or as deep as the boxes stay few."""
    found, level = [0], [0]
    shown = len(nodes[0]["children"])
    deep = 0
    while depth is None or deep < depth:
        level = [child for number in level for child in nodes[number]["children"] if nodes[child]["children"]]
        more = sum(len(nodes[number]["children"]) - 1 for number in level)
        if not level or (depth is None and shown + more > SHOWN):
            break
        found, shown, deep = found + level, shown + more, deep + 1
    return found

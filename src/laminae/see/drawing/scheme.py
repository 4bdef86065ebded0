"""What a drawing shows of many layers: which groups are open, what is folded, and what is joined to what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from laminae.base.records import LayerRecord
from laminae.graph.graph import unique_name
from laminae.see.drawing.bodies import PASS, housed
from laminae.see.drawing.together import gathered
from laminae.see.folding import DEEPEST, Node, repeats, title, tree

READABLE, FOLDED = 48, 40
"""As many boxes as stay readable at a glance; among fewer layers than the second nothing is folded."""


@dataclass(frozen=True)
class Shape:
    """A box, or with others in it a frame. node: its layers. times: how often it stands there in a row, one after another.

    layer: the one whose output it gives: its only one, or the last of a closed group.
    """

    id: str
    name: str
    node: Node
    times: int = 1
    inner: tuple[Shape, ...] = ()

    @property
    def is_layer(self) -> bool:
        return len(self.node.block) == 1

    @property
    def layer(self) -> LayerRecord:
        return self.node.block[-1]

    def boxes(self) -> Iterator[Shape]:
        """The boxes in it, in order; itself where it is one."""
        if not self.inner:
            yield self
        for shape in self.inner:
            yield from shape.boxes()


@dataclass(frozen=True)
class Scheme:
    """shapes: in forward order. arrows: from box to box, by id. homes: for each layer by name the box it is in.

    inputs: the boxes that forward order begins with.
    """

    shapes: tuple[Shape, ...]
    arrows: tuple[tuple[str, str], ...]
    homes: dict[str, str] = field(default_factory=dict)
    inputs: frozenset[str] = frozenset()

    def boxes(self) -> list[Shape]:
        return [box for shape in self.shapes for box in shape.boxes()]


def scheme(records: Sequence[LayerRecord], *, depth: int | None = None, full: bool = False) -> Scheme:
    """depth: how many levels of groups are open; as many as stay readable unless given. full: all, and nothing is folded."""
    house = housed(records)
    placed = gathered(house.layers)
    nodes = tree([(record.path.split("/", DEEPEST), record) for record in placed])
    if not full and len(placed) > FOLDED:
        nodes = repeats(nodes)
    deep = DEEPEST if full else depth if depth is not None else _readable(nodes)
    maker = _Maker(house.turns)
    shapes = tuple(maker.shape(node, deep) for node in nodes)
    for shape in shapes:
        maker.settle(shape)
    arrows = dict.fromkeys(maker.arrows(placed))
    maker.homes.update({later: maker.homes[first] for later, first in house.same.items()})
    inputs = {maker.homes[record.name] for record in takewhile(_is_input, records)}
    return Scheme(shapes, tuple(arrows), maker.homes, frozenset(inputs))


def _is_input(record: LayerRecord) -> bool:
    return record.op == "Input" and record.domain == "laminae"


def _readable(nodes: Sequence[Node]) -> int:
    """The deepest level at which the boxes are still few; 0 where they never are."""
    counts = [sum(_count(node, depth) for node in nodes) for depth in range(DEEPEST + 1)]
    return max((depth for depth, count in enumerate(counts) if count <= READABLE), default=0)


def _count(node: Node, depth: int) -> int:
    return sum(_count(child, depth - 1) for child in node.children) if node.children and depth > 0 else 1


class _Maker:
    """Makes shapes of nodes, and knows where each layer has gone."""

    def __init__(self, turns: dict[str, int]) -> None:
        self.turns = turns
        self.taken: dict[str, None] = {}
        self.homes: dict[str, str] = {}
        self.same: dict[str, str] = {}
        self.folds: dict[str, tuple[tuple[int, int], ...]] = {}
        self.number = 0

    def shape(self, node: Node, depth: int) -> Shape:
        """With what is in it, as far as it is open."""
        inner = tuple(self.shape(child, depth - 1) for child in node.children) if node.children and depth > 0 else ()
        name = node.records[0].name if len(node.records) == 1 else node.records[0].path
        identity = unique_name(name if len(node.block) == 1 else _path(node), self.taken)
        self.taken[identity] = None
        times = node.times if node.times > 1 else self.turns.get(PASS.sub("", node.block[0].path), 1) if not inner else 1
        return Shape(identity, title(node), node, times, inner)

    def settle(self, shape: Shape) -> None:
        """Where its layers have gone; those of later turns to those of the first."""
        self.number += 1
        block = shape.node.block
        for i, record in enumerate(shape.node.records):
            turn, place = divmod(i, len(block))
            if shape.node.times > 1:
                self.folds[record.name] = (*self.folds.get(record.name, ()), (self.number, turn))
            if turn:
                self.same[record.name] = block[place].name
            elif not shape.inner:
                self.homes[record.name] = shape.id
        for inner in shape.inner:
            self.settle(inner)

    def arrows(self, records: Sequence[LayerRecord]) -> Iterator[tuple[str, str]]:
        """Between boxes; not from one turn of a folded block to another."""
        for record in records:
            self.homes[record.name] = self._home(record.name)
        for record in records:
            for name in record.reads:
                if name in self.homes and self._one_turn(name, record.name) and self.homes[name] != self.homes[record.name]:
                    yield self.homes[name], self.homes[record.name]

    def _home(self, name: str) -> str:
        while name in self.same:
            name = self.same[name]
        return self.homes[name]

    def _one_turn(self, a: str, b: str) -> bool:
        mine, others = dict(self._folds(a)), dict(self._folds(b))
        return all(others.get(number, turn) == turn for number, turn in mine.items())

    def _folds(self, name: str) -> list[tuple[int, int]]:
        """In which turn of which folds a layer stands."""
        found = list(self.folds.get(name, ()))
        while name in self.same:
            name = self.same[name]
            known = {number for number, _ in found}
            found += [(number, turn) for number, turn in self.folds.get(name, ()) if number not in known]
        return found


def _path(node: Node) -> str:
    """Of a group: what the paths of its layers have in common."""
    paths = [record.path.split("/")[:-1] for record in node.records]
    first, last = min(paths), max(paths)
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return "/".join(first[:shared]) or node.records[0].path

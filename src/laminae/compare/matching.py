"""Which layer of b makes the value that a layer of a makes: told by the caller, by names, then by structure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from laminae.base.errors import UnknownNameError, UsageError
from laminae.compare.crossing import drop_crossings
from laminae.compare.kinds import INTEGER
from laminae.compare.sides import Node, Side
from laminae.compare.structure import agreeing, extend, reads_alike
from laminae.graph.select import unknown

Given = Mapping[str, "str | None"] | Callable[[str], "str | None"] | None
"""Names in a → names in b, of layers, paths or values; None where b has nothing of the kind."""

GIVEN, NAME, VALUE, PATH, PARAMETERS, STRUCTURE = "given", "name", "value", "path", "parameters", "structure"

QUANTISED = ("_quantized", "_DequantizeLinear_Output")
"""What ONNX Runtime puts behind the names of values that it holds as whole numbers, and of the same made floats again."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A layer of a, one of b, what matched them; outputs: which output of the one is which of the other."""

    a: Node
    b: Node
    how: str

    @property
    def outputs(self) -> list[tuple[int, int]]:
        ours = [(i, name) for i, name in enumerate(self.a.outputs) if name is not None]
        theirs = {name: j for j, name in enumerate(self.b.outputs) if name is not None}
        if len(ours) > 1 and any(name in theirs for _, name in ours):
            return [(i, theirs[name]) for i, name in ours if name in theirs]
        places = [j for j, name in enumerate(self.b.outputs) if name is not None]
        count = min(len(ours), len(places)) if self.a.kind == self.b.kind else 1
        return [(i, j) for (i, _), j in zip(ours[:count], places, strict=False)]

    @property
    def names(self) -> dict[str, str]:
        """Value of a → value of b."""
        found = ((self.a.outputs[i], self.b.outputs[j]) for i, j in self.outputs)
        return {ours: theirs for ours, theirs in found if ours is not None and theirs is not None}


class Matching:
    """Pairs, each layer in one at most. across: value of a → value of b. alone: layers of a that are said to have none in b."""

    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        self.of_a: dict[Node, Pair] = {}
        self.of_b: dict[Node, Pair] = {}
        self.alone: set[Node] = set()
        self.across: dict[str, str] = {}

    def add(self, a: Node, b: Node, how: str) -> bool:
        """Whether both were free, and are a pair now."""
        if a in self.of_a or b in self.of_b or a in self.alone or a.is_input != b.is_input:
            return False
        pair = self.of_a[a] = self.of_b[b] = Pair(a, b, how)
        self.across.update(pair.names)
        return True

    def remove(self, pair: Pair) -> None:
        del self.of_a[pair.a], self.of_b[pair.b]
        for name in pair.names:
            del self.across[name]

    @property
    def pairs(self) -> list[Pair]:
        """In a's forward order."""
        return sorted(self.of_a.values(), key=lambda pair: pair.a.place)

    def free_a(self) -> list[Node]:
        return [node for node in self.a.nodes if node not in self.of_a and node not in self.alone]

    def free_b(self) -> list[Node]:
        return [node for node in self.b.nodes if node not in self.of_b]


def match(a: Side, b: Side, given: Given = None) -> Matching:
    """Pair the layers of two models. Raises UnknownNameError for a given name that is not there.

    Names that lead to pairs which read other things are passed over, as where an exporter has numbered them anew.
    """
    named = _begun(a, b, given)
    _by_names(named)
    _ended(named)
    if 2 * agreeing(named) >= len(named.of_a):
        return named
    nameless = _begun(a, b, given)
    _unique(nameless, _weights, PARAMETERS)
    _ended(nameless)
    return max(named, nameless, key=agreeing)


def _begun(a: Side, b: Side, given: Given) -> Matching:
    matching = Matching(a, b)
    _given(matching, given)
    _inputs(matching)
    return matching


def _ended(matching: Matching) -> None:
    """What names did not pair."""
    drop_crossings(matching)
    extend(matching)
    _replaced(matching)
    drop_crossings(matching)


def _replaced(matching: Matching) -> None:
    """Layers of one name that read the same: another operator in the same place."""
    names = {node.name: node for node in matching.free_b()}
    for node in matching.free_a():
        other = names.get(node.name)
        if other is not None and reads_alike(matching, node, other):
            matching.add(node, other, NAME)


def same(a: Side, b: Side) -> Matching:
    """Two sides of one model: each layer is its own counterpart."""
    matching = Matching(a, b)
    for one, other in zip(a.nodes, b.nodes, strict=True):
        matching.add(one, other, NAME)
    return matching


def _given(matching: Matching, given: Given) -> None:
    if given is None:
        return
    if callable(given):
        told = [(node, _asked(given, node.name)) for node in matching.a.nodes]
        pairs = [(node, other) for node, other in told if other is not None]
    elif isinstance(given, Mapping):
        pairs = []
        for name, other in given.items():
            node = find(matching.a, name, "a")
            matching.alone |= {node} if other is None else set()
            pairs += [] if other is None else [(node, other)]
    else:
        raise UsageError(
            f"match={given!r} says no pairs", {"expected": "{'name in a': 'name in b'}, or a function from a name to a name"}
        )
    for node, other in pairs:
        if not matching.add(node, find(matching.b, other, "b"), GIVEN):
            raise UsageError(f"match= gives {other!r} or {node.name!r} twice, or an input for what is none")


def _asked(given: Callable[[str], str | None], name: str) -> str | None:
    """What the user's function says of a name. Raises UsageError where it fails."""
    try:
        return given(name)
    except Exception as error:
        rows = {"because": f"{type(error).__name__}: {error}", "expected": "a function from a name in a to one in b, or None"}
        raise UsageError(f"the function that matches layers failed at {name!r}", rows) from error


def find(side: Side, name: str, which: str) -> Node:
    """The layer of that name, path or value. Raises UnknownNameError."""
    by_name = {node.path: node for node in side.nodes} | {node.name: node for node in side.nodes}
    if name in by_name:
        return by_name[name]
    if name in side.made_by:
        return side.made_by[name][0]
    error = unknown("layer", name, [node.name for node in side.nodes])
    raise UnknownNameError(f"{error.message} in {which}", error.details)


def _inputs(matching: Matching) -> None:
    """By name, then in order."""
    ours = [node for node in matching.a.nodes if node.is_input]
    theirs = [node for node in matching.b.nodes if node.is_input]
    names = {name: node for node in theirs for name in (node.value, node.name)}
    for node in ours:
        other = names.get(node.name, names.get(node.value))
        if other is not None:
            matching.add(node, other, NAME)
    free = [node for node in theirs if node not in matching.of_b]
    for node, other in zip([node for node in ours if node not in matching.of_a], free, strict=False):
        matching.add(node, other, STRUCTURE)


def _by_names(matching: Matching) -> None:
    """The surest first: quantised values; weights of the same names; the layer's name, the value's, its path."""
    _quantised_values(matching)
    _unique(matching, _weights, PARAMETERS)
    _unique(matching, lambda node: node.name, NAME)
    _values(matching)
    _unique(matching, lambda node: node.path, PATH)


def _unique(matching: Matching, key: Callable[[Node], Any], how: str) -> None:
    """Pair the free layers of one kind that have the same key, where it is nobody else's."""
    ours, theirs = _keyed(matching.free_a(), key), _keyed(matching.free_b(), key)
    for found, node in ours.items():
        if found in theirs:
            matching.add(node, theirs[found], how)


def _keyed(nodes: Iterable[Node], key: Callable[[Node], Any]) -> dict[Any, Node]:
    keys = [(node, (key(node), node.kind)) for node in nodes if node.op not in INTEGER and key(node)]
    counts = Counter(found for _, found in keys)
    return {found: node for node, found in keys if counts[found] == 1}


def _weights(node: Node) -> frozenset[str]:
    """The names of its weights that hold more than a number."""
    if node.layer is None or node.layer.bodies:
        return frozenset()
    return frozenset(p.name for p in node.layer.parameters.values() if p.is_weight and p.size > 1)


def _quantised_values(matching: Matching) -> None:
    """A float value that b only has as whole numbers, or made out of them: there lies all that was done to the layer."""
    made = matching.b.made_by
    for node in matching.a.nodes:
        names = [node.value + suffix for suffix in QUANTISED] if node.value not in made else [node.value]
        other = next((made[name][0] for name in names if name in made), None)
        dequantised = other is not None and other.op == "DequantizeLinear" and node.op != other.op
        if other is not None and (dequantised or node.value not in made) and not node.is_input:
            matching.add(node, other, VALUE)


def _values(matching: Matching) -> None:
    """The same value name, where the values have one shape too: exporters number names, and numbers shift."""
    for node in matching.free_a():
        if node.value in matching.b.made_by:
            other, place = matching.b.made_by[node.value]
            if other.op not in INTEGER and _one_shape(node.values[:1], other.values[place : place + 1]):
                matching.add(node, other, VALUE)


def _one_shape(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> bool:
    shapes = [getattr(value, "shape", None) for value in (*ours, *theirs)]
    return len(shapes) == 2 and (None in shapes or shapes[0] == shapes[1])

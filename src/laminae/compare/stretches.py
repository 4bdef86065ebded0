"""What stands between matched layers: the layers of a stretch that have no counterpart, and what they are to blame for."""

from __future__ import annotations

from collections.abc import Container

from laminae.compare.kinds import HOLDING
from laminae.compare.matching import Matching, Pair
from laminae.compare.sides import Node, Side


class Stretches:
    """The layers without counterpart that lead to each pair from the matched layers above. held: the pairs that count."""

    def __init__(self, matching: Matching, held: Container[Pair]) -> None:
        self.matching = matching
        self._matched = {
            matching.a: {node for node, pair in matching.of_a.items() if pair in held},
            matching.b: {node for node, pair in matching.of_b.items() if pair in held},
        }

    def in_a(self, pair: Pair) -> list[Node]:
        """The layers of a between the pair and the matched ones above it, in order."""
        return self.above(self.matching.a, *pair.a.reads)

    def in_b(self, pair: Pair) -> list[Node]:
        return self.above(self.matching.b, *pair.b.reads)

    def above(self, side: Side, *values: str) -> list[Node]:
        """The layers without counterpart that lead to these values, in order."""
        found: set[Node] = set()
        waiting = list(values)
        while waiting:
            node = side.made_by[waiting.pop()][0]
            if node in found or node in self._matched[side] or node.is_input:
                continue
            found.add(node)
            waiting += node.reads
        return sorted(found, key=lambda node: node.place)


def counting(nodes: list[Node]) -> list[Node]:
    """Those that compute something: not what makes constants out of nothing, nor what only holds numbers in another way."""
    return [node for node in nodes if any(node.inputs) and node.op not in HOLDING]


def main_layer(pair: Pair, between: list[Node]) -> Node:
    """Of a stretch of b, the layer to call it by: that which computes what a's does, where its last only scales or adds."""
    if pair.b.kind == pair.a.kind and pair.b.op not in HOLDING:
        return pair.b
    return next((node for node in reversed(between) if node.kind == pair.a.kind), pair.b)


def other_wiring(matching: Matching, pair: Pair) -> str:
    """In words what b's layer reads otherwise than a's, where both read matched layers only; empty where nothing."""
    ours, theirs = matching.a.flows(pair.a), matching.b.flows(pair.b)
    if pair.a.kind != pair.b.kind:
        return ""
    mapped = [matching.across.get(name, "") for name in ours]
    if sorted(mapped) == sorted(theirs) or any(matching.b.made_by[x][0] not in matching.of_b for x in theirs) or "" in mapped:
        return ""
    extra = [x for x in theirs if x not in mapped] or list(theirs)
    missing = [name for name, other in zip(ours, mapped, strict=True) if other not in theirs] or list(ours)
    names = [[side.made_by[x][0].name for x in some] for side, some in ((matching.b, extra), (matching.a, missing))]
    return f"reads {', '.join(names[0])} where a's reads {', '.join(names[1])}"

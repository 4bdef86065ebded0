"""Pairs that do not make the same because one of the two does more: a folded normalisation, an activation inside a convolution.

Names and kinds say `conv` and `conv`, the numbers say that b's is a's `conv` and `bn` together. Where what the one made is what a
layer behind the other made, that layer is its counterpart; the next run on a's values has the last word.
"""

from __future__ import annotations

from laminae.base.differences import Difference
from laminae.base.errors import LaminaeError
from laminae.compare.kinds import HOLDING
from laminae.compare.matching import STRUCTURE, Matching, Pair
from laminae.compare.numbers import difference
from laminae.compare.sides import Node, Side

FARTHEST = 3
"""So many layers behind a pair are looked at."""

ENOUGH, BETTER = 20.0, 15.0
"""dB of signal to noise from which on two values are taken for one, and by how much that must be better than before."""


class Fusions:
    """What is found in a run on a's values. around_a: of each pair the free layers of a behind it in a chain, and the one above
    it; behind_b: those of b behind it. found: pair → the layer that belongs in it instead of its own of that side.
    """

    def __init__(self, matching: Matching, *, look: bool) -> None:
        self.matching = matching
        self.around_a = {pair: _around(matching, pair) for pair in matching.pairs} if look else {}
        self.behind_b = {pair: _chain(matching.b, pair.b, matching, False) for pair in matching.pairs} if look else {}
        self.waiting: dict[Node, tuple[Pair, Difference]] = {}
        self.found: dict[Pair, Node] = {}
        self.deferred = False

    def judge(self, pair: Pair, made: object, own: Difference, rtol: float, atol: float) -> bool:
        """A pair that differs: did b make what a layer behind a's made? Whether to go on with b's value, to see what follows."""
        for node in self.around_a.get(pair, ()):
            if _better(made, node.values[0], own, rtol, atol):
                self.found[pair] = node
                return False
        behind = self.behind_b.get(pair, [])
        self.waiting.update((node, (pair, own)) for node in behind)
        self.deferred |= bool(behind)
        return bool(behind)

    def see(self, node: Node, made: object, rtol: float, atol: float) -> None:
        """A free layer of b behind a pair that differs: does it make what the pair's of a made?"""
        if node in self.waiting:
            pair, own = self.waiting[node]
            if pair not in self.found and _better(made, pair.a.values[0], own, rtol, atol):
                self.found[pair] = node

    def mend(self) -> bool:
        """Put the layers found in the place of those that they belong to; whether there are any."""
        for pair, node in self.found.items():
            if self.matching.of_a.get(pair.a) is not pair:
                continue
            ours = node in self.around_a.get(pair, ())
            taken = (self.matching.of_a if ours else self.matching.of_b).get(node)
            if taken is not None:
                self.matching.remove(taken)
            self.matching.remove(pair)
            self.matching.add(node if ours else pair.a, pair.b if ours else node, pair.how)
        return bool(self.found)


def join_held(matching: Matching, slots: dict[tuple[Pair, int], Difference]) -> bool:
    """An activation that b does by how it holds its value (a Relu in the range of a QuantizeLinear): whether there is one."""
    added = False
    for (pair, place), found in slots.items():
        one, other = matching.a.made_by[pair.a.inputs[place]][0], matching.b.made_by[pair.b.inputs[place]][0]
        if not found.correct and found.snr >= ENOUGH and other.op in HOLDING and one.about.kind == "activation":
            added |= matching.add(one, other, STRUCTURE)
    return added


def _chain(side: Side, node: Node, matching: Matching, first: bool) -> list[Node]:
    """The free layers behind a layer, each the only reader of the one before it."""
    found: list[Node] = []
    while len(found) < FARTHEST:
        readers = side.readers.get(node.value, [])
        if len(readers) != 1 or node.value in side.outputs or not _free(readers[0], matching, first):
            break
        node = readers[0]
        if len(side.flows(node)) != 1:
            break
        found.append(node)
    return found


def _around(matching: Matching, pair: Pair) -> list[Node]:
    """Layers of a that b's may stand for: behind the pair; where the two are of other kinds also the one above."""
    flows = matching.a.flows(pair.a)
    above = [matching.a.made_by[flows[0]][0]] if len(flows) == 1 and pair.a.kind != pair.b.kind else []
    return _chain(matching.a, pair.a, matching, True) + [node for node in above if node not in matching.of_a]


def _free(node: Node, matching: Matching, first: bool) -> bool:
    """Whether it has no counterpart, or one that only holds its value in another way."""
    pair = (matching.of_a if first else matching.of_b).get(node)
    return pair is None or (first and pair.b.op in HOLDING)


def _better(made: object, expected: object, own: Difference, rtol: float, atol: float) -> bool:
    if expected is None:
        return False
    try:
        one = difference(made, expected, rtol, atol)
    except LaminaeError:
        return False
    return one.correct or (one.snr >= ENOUGH and one.snr >= own.snr + BETTER)

"""Pairs that cannot both be right: in a one layer stands above the other, in b below it, as where one was moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laminae.compare.sides import ancestors, descendants

if TYPE_CHECKING:
    from laminae.compare.matching import Matching, Pair


def drop_crossings(matching: Matching) -> None:
    """Take pairs apart until none cross: first that which crosses most, of equals an activation, or one without weights."""
    pairs = matching.pairs
    crossing = _crossings(matching, pairs)
    while any(crossing):
        worst = max(range(len(pairs)), key=lambda i: (crossing[i].bit_count(), *_doubt(pairs[i]), i))
        matching.remove(pairs[worst])
        crossing = [0 if i == worst else bits & ~(1 << worst) for i, bits in enumerate(crossing)]


def _crossings(matching: Matching, pairs: list[Pair]) -> list[int]:
    """Of every pair, which others it crosses, as bits."""
    ours, theirs = [pair.a for pair in pairs], [pair.b for pair in pairs]
    above_a, above_b = ancestors(matching.a, ours), ancestors(matching.b, theirs)
    below_a, below_b = descendants(matching.a, ours), descendants(matching.b, theirs)
    return [
        ((above_a[pair.a] & below_b[pair.b]) | (below_a[pair.a] & above_b[pair.b])) & ~(1 << i) for i, pair in enumerate(pairs)
    ]


def _doubt(pair: Pair) -> tuple[bool, bool, bool]:
    weights = pair.a.about.parameters > 0 and pair.a.kind == pair.b.kind
    return pair.how != "given" and not pair.a.is_input, pair.a.about.kind == "activation", not weights

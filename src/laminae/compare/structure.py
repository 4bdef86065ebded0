"""Layers matched by what they do: the same kind of operator on matched values, on the same weights, before matched layers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.compare.kinds import COMMUTATIVE, INTEGER, QUANTISING
from laminae.compare.sides import Node, Side

if TYPE_CHECKING:
    from laminae.compare.matching import Matching, Pair

HOW = "structure"

LEAST = 16
"""Weights of fewer elements than this do not tell layers apart."""

TURNING = frozenset(["reshape", "transpose", "expand", "slice"])

TRIVIAL = frozenset(["identity"])
"""Kinds that are looked through: what they make is what they read."""


def extend(matching: Matching) -> None:
    """Pair what names did not: by equal weights, downwards from matched values, upwards from matched layers and outputs."""
    if not matching.free_a() or not matching.free_b():
        return
    _by_weights(matching)
    while _down(matching) + _up(matching):
        pass


def agreeing(matching: Matching) -> int:
    """How many pairs read matched values in the same places."""
    return sum(reads_alike(matching, pair.a, pair.b) for pair in matching.pairs)


def reads_alike(matching: Matching, a: Node, b: Node) -> bool:
    """Whether what b reads is what a reads, by the pairs that there are."""
    look_a, look_b = _looking_through(matching.a, matching.of_a), _looking_through(matching.b, matching.of_b)
    mapped = [matching.across.get(look_a(name), "") for name in _flows(matching.a, a)]
    read = [look_b(name) for name in _flows(matching.b, b)]
    ours = [look_b(name) for name in mapped if name]
    return sorted(ours) == sorted(read) if a.kind in COMMUTATIVE else ours == read


def _by_weights(matching: Matching) -> None:
    """Layers of one kind over the same numbers, in whatever order (a transposed matrix), where nobody else has them."""
    ours, theirs = (_unique_weights(side, free) for side, free in _both(matching))
    for key in ours.keys() & theirs.keys():
        _add(matching, ours[key], theirs[key])


def _both(matching: Matching) -> list[tuple[Side, list[Node]]]:
    return [(matching.a, matching.free_a()), (matching.b, matching.free_b())]


def _unique_weights(side: Side, free: Sequence[Node]) -> dict[Any, Node]:
    prints = {node: max(weights_prints(side, node), default=None) for node in free if node.op not in INTEGER}
    counts = Counter((node.kind, found) for node, found in prints.items())
    return {(node.kind, found): node for node, found in prints.items() if found and counts[node.kind, found] == 1}


def weights_prints(side: Side, node: Node) -> frozenset[tuple[int, int, int]]:
    """Of its larger weights, those too that are turned or cast on the way; the same for the same numbers in another order."""
    if node in side.constant:
        return frozenset()
    found, waiting = set(), list(node.inputs)
    while waiting:
        name = waiting.pop()
        parameter = side.parameters.get(name)
        if name in side.made_by and side.made_by[name][0] in side.constant:
            waiting += side.made_by[name][0].inputs
        elif parameter is not None and parameter.size >= LEAST and parameter.dtype != "string":
            found.add(_print(parameter))
    return frozenset(found)


def _print(parameter: Any) -> tuple[int, int, int]:
    array = np.ascontiguousarray(as_numpy(parameter.array))
    if array.dtype.hasobject:
        return array.size, 0, 0
    bits = array.reshape(-1).view(f"u{min(array.dtype.itemsize, 8)}").astype(np.uint64)
    with np.errstate(over="ignore"):
        return int(array.size), int(bits.sum(dtype=np.uint64)), int((bits * bits).sum(dtype=np.uint64))


def _add(matching: Matching, a: Node, b: Node) -> bool:
    """A pair, or, where one of the two adds its bias in a layer of its own, a pair with that layer."""
    with_a, with_b = _bias_layer(matching.a, a), _bias_layer(matching.b, b)
    if with_b is not None and with_a is None and with_b not in matching.of_b and _has_bias(a):
        b = with_b
    elif with_a is not None and with_b is None and with_a not in matching.of_a and _has_bias(b):
        a = with_a
    return matching.add(a, b, HOW)


def _has_bias(node: Node) -> bool:
    return node.kind in ("linear", "conv") and len([name for name in node.inputs if name]) == 3


def _bias_layer(side: Side, node: Node) -> Node | None:
    """The addition of a constant that alone reads a product without bias."""
    if node.kind not in ("linear", "conv") or _has_bias(node):
        return None
    readers = side.readers.get(node.value, [])
    alone = len(readers) == 1 and readers[0].kind == "add" and len(side.flows(readers[0])) == 1
    return readers[0] if alone and node.value not in side.outputs else None


def _down(matching: Matching) -> int:
    """Layers of one kind that read matched values in the same places; how many were paired."""
    look_a, look_b = _looking_through(matching.a, matching.of_a), _looking_through(matching.b, matching.of_b)
    index: dict[Any, list[Node]] = defaultdict(list)
    for node in _candidates(matching.b, matching.free_b(), matching.of_b):
        index[_key(node, [look_b(name) for name in _flows(matching.b, node)])].append(node)
    added = 0
    for node in _candidates(matching.a, matching.free_a(), matching.of_a):
        reads = [matching.across.get(look_a(name)) for name in _flows(matching.a, node)]
        if None in reads or not reads:
            continue
        alike = index.get(_key(node, [look_b(x) for x in reads if x]), [])
        others = [x for x in alike if x not in matching.of_b and not _spoken_for(matching.b, x, matching.of_b)]
        best = max(others, key=lambda other: _likeness(matching, node, other), default=None)
        if best is not None and _add(matching, node, best):
            added += 1
    return added


def _up(matching: Matching) -> int:
    """What matched layers of one kind read in the same place, and what gives the same output, where it is of one kind."""
    look_a, look_b = _looking_through(matching.a, matching.of_a), _looking_through(matching.b, matching.of_b)
    waiting = list(zip(matching.a.outputs, matching.b.outputs, strict=False))
    waiting += [place for pair in matching.pairs if pair.a.kind == pair.b.kind for place in _places(matching, pair.a, pair.b)]
    added = 0
    while waiting:
        x, y = waiting.pop()
        one, other = matching.a.made_by.get(look_a(x)), matching.b.made_by.get(look_b(y))
        if one is None or other is None or one[1] != other[1]:
            continue
        a, b = one[0], other[0]
        constant = a in matching.a.constant or b in matching.b.constant
        if a.kind == b.kind and not constant and b.op not in INTEGER and matching.add(a, b, HOW):
            added += 1
            waiting += _places(matching, a, b)
    return added


def _places(matching: Matching, a: Node, b: Node) -> list[tuple[str, str]]:
    """What two matched layers read in the same place; where places mean nothing, what is left of the one and of the other."""
    ours, theirs = list(_flows(matching.a, a)), list(_flows(matching.b, b))
    if a.kind in COMMUTATIVE and len(ours) > 1:
        known = {matching.across[name] for name in ours if name in matching.across}
        ours, theirs = [x for x in ours if matching.across.get(x) not in theirs], [y for y in theirs if y not in known]
        return list(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) == 1 else []
    return list(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else []


def _looking_through(side: Side, matched: dict[Node, Any]) -> Callable[[str], str]:
    """A value name as that of the value it is a copy of, where nobody has matched the layer that copies."""

    def look(name: str) -> str:
        while name in side.made_by:
            node = side.made_by[name][0]
            flows = side.flows(node)
            through = node.kind in TRIVIAL or node.op in QUANTISING
            if node in matched or not through or not flows:
                break
            name = flows[0]
        return name

    return look


def _candidates(side: Side, free: Sequence[Node], matched: Mapping[Node, Pair]) -> list[Node]:
    """Free layers that compute something; a product is not free whose bias layer stands for both already."""
    return [
        node
        for node in free
        if node not in side.constant
        and node.kind not in TRIVIAL
        and node.op not in QUANTISING
        and node.op not in INTEGER
        and not _spoken_for(side, node, matched)
    ]


def _spoken_for(side: Side, node: Node, matched: Mapping[Node, Pair]) -> bool:
    adds = _bias_layer(side, node)
    pair = None if adds is None else matched.get(adds)
    return pair is not None and node.kind in (pair.a.kind, pair.b.kind)


def _flows(side: Side, node: Node) -> tuple[str, ...]:
    """The values it reads; of what only turns one value about, that one: its sizes may be computed or known."""
    return side.flows(node)[:1] if node.kind in TURNING else side.flows(node)


def _key(node: Node, reads: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    return node.kind, tuple(sorted(reads) if node.kind in COMMUTATIVE else reads)


def _likeness(matching: Matching, a: Node, b: Node) -> tuple[bool, bool, bool, int]:
    """Equal weights (all of what the one has), one size, equal attributes; of equals the first."""
    ours, theirs = weights_prints(matching.a, a), weights_prints(matching.b, b)
    prints = bool(ours & theirs) or ours == theirs
    shapes = [getattr(node.values[0] if node.values else None, "shape", None) for node in (a, b)]
    attributes = a.layer is not None and b.layer is not None and repr(a.layer.attributes) == repr(b.layer.attributes)
    return prints, shapes[0] is not None and shapes[0] == shapes[1], attributes, -b.place

"""Many layers on a screen: groups closed, blocks that repeat shown once with how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from laminae.base.records import LayerRecord

DEEPEST = 12
"""Groups inside groups that are told apart; what is deeper counts as one name."""

LONGEST = 64
"""The longest block (in siblings) looked at for repeating."""


@dataclass(frozen=True)
class Node:
    """A layer, or a group of nodes. times: how often it stands here in a row, `until` being the last one's label.

    records: of all turns; block: of the first alone.
    """

    label: str
    records: tuple[LayerRecord, ...]
    children: tuple[Node, ...] = ()
    times: int = 1
    until: str = ""
    depth: int = field(default=0, compare=False)

    @property
    def block(self) -> tuple[LayerRecord, ...]:
        return self.records[: len(self.records) // self.times]


def fold(records: Sequence[LayerRecord], limit: int = 60) -> list[Node]:
    """The rows to show, in order, each with its depth: all layers where they are at most `limit`, else as deep as fits."""
    nodes = tree([(record.path.split("/", DEEPEST), record) for record in records])
    if len(records) > limit:
        nodes = repeats(nodes)
    rows = opened(nodes, DEEPEST)
    for depth in range(DEEPEST, -1, -1):
        if len(rows) <= limit:
            return rows
        rows = opened(nodes, depth)
    return rows if len(rows) <= limit else _middle_out(rows, limit)


def unfold(records: Sequence[LayerRecord]) -> list[Node]:
    """Every layer, under its groups."""
    return opened(tree([(record.path.split("/", DEEPEST), record) for record in records]), DEEPEST)


def title(node: Node) -> str:
    """Its label; of a folded one also the last turn's, `185 … 229`."""
    if node.times == 1 or not node.until:
        return node.label
    head, tail = node.label, node.until
    shared = next((i for i, (a, b) in enumerate(zip(head, tail, strict=False)) if a != b), min(len(head), len(tail)))
    while shared and head[shared - 1].isdigit():
        shared -= 1
    return f"{head} … {tail[shared:]}"


def tree(items: Sequence[tuple[list[str], LayerRecord]]) -> tuple[Node, ...]:
    """Layers that follow one another in a group become a node; a group of one is named with what is in it."""
    nodes: list[Node] = []
    for first, together in groupby(items, key=lambda item: item[0][0] if len(item[0]) > 1 else None):
        members = list(together)
        if first is None:
            nodes += [Node(parts[0], (record,)) for parts, record in members]
            continue
        inner = tree([(parts[1:], record) for parts, record in members])
        if len(inner) == 1:
            nodes.append(replace(inner[0], label=f"{first}/{inner[0].label}"))
        else:
            nodes.append(Node(first, tuple(record for _, record in members), inner))
    return tuple(nodes)


def repeats(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Siblings in a row that are alike in operators become one; so do blocks of several siblings."""
    inside = [replace(node, children=repeats(node.children)) if node.children else node for node in nodes]
    kinds: dict[object, int] = {}
    signs = [kinds.setdefault(_sign(node), len(kinds)) for node in inside]
    found: list[Node] = []
    at = 0
    while at < len(inside):
        period, times = _repeat(signs, [len(node.records) for node in inside], at)
        block = inside[at : at + period]
        found.append(_together(block, inside[at : at + period * times], times) if times > 1 else block[0])
        at += period * times
    return tuple(found)


def opened(nodes: Sequence[Node], depth: int, level: int = 0) -> list[Node]:
    """The nodes as rows, those of groups above `depth` followed by what is in them."""
    rows: list[Node] = []
    for node in nodes:
        rows.append(replace(node, depth=level))
        if node.children and level < depth:
            rows += opened(node.children, depth, level + 1)
    return rows


def _sign(node: Node) -> object:
    return node.times, bool(node.children), tuple((r.domain, r.op, len(r.outputs)) for r in node.block)


def _repeat(signs: Sequence[int], layers: Sequence[int], at: int) -> tuple[int, int]:
    """The block length and number of turns that cover most from here, where that is four layers at least."""
    best = (1, 1)
    for period in range(1, min(LONGEST, (len(signs) - at) // 2) + 1):
        if signs[at] != signs[at + period]:
            continue
        block, times = signs[at : at + period], 1
        while signs[at + period * times : at + period * (times + 1)] == block:
            times += 1
        if times > 1 and sum(layers[at : at + period * times]) >= 4 and period * times > best[0] * best[1]:
            best = period, times
    return best


def _together(block: Sequence[Node], turns: Sequence[Node], times: int) -> Node:
    records = tuple(record for node in turns for record in node.records)
    if len(block) == 1:
        return replace(block[0], records=records, times=times * block[0].times, until=turns[-1].label)
    return Node(block[0].label, records, tuple(block), times, turns[-1].label)


def _middle_out(rows: list[Node], limit: int) -> list[Node]:
    """The first and the last rows, and one for all between."""
    head, tail = rows[: limit * 2 // 3], rows[len(rows) - limit // 3 :]
    between = rows[len(head) : len(rows) - len(tail)]
    return [*head, Node("…", tuple(record for node in between for record in node.records)), *tail]

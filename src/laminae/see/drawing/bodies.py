"""A body is a group of its layer: what ran inside an If or a Loop stands in a frame that ends with the layer itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from laminae.base.records import LayerRecord

PASS = re.compile(r"#\d+(?=/|$)")
"""The number of a turn in a path: `Loop_3/body/Add_1#2`."""


@dataclass(frozen=True)
class Housed:
    """layers: those with bodies after what stands in them, and in one group with it.

    turns: how many a layer in a body took, by path. same: for each layer of a later turn, by name, that of the first, which alone
    is kept.
    """

    layers: list[LayerRecord]
    turns: dict[str, int]
    same: dict[str, str]


def housed(records: Sequence[LayerRecord]) -> Housed:
    """A body's input layers read what their layer was given in that place."""
    turns = Counter(PASS.sub("", record.path) for record in records if record.inside)
    same: dict[str, str] = {}
    layers = _housed(records, {output.value: record.name for record in records for output in record.outputs}, same)
    return Housed(layers, {path: count for path, count in turns.items() if count > 1}, same)


def _housed(records: Sequence[LayerRecord], made: dict[str, str], same: dict[str, str]) -> list[LayerRecord]:
    found: list[LayerRecord] = []
    for record, inner in _owners(records):
        first = _first_turns(record, inner, same)
        if first:
            kept = _housed(_fed(record, first, made), made, same)
            taken = {name for one in first for name in one.reads}
            reads = tuple(name for name in record.reads if name not in taken)
            found += kept
            leaf = record.path.rsplit("/", 1)[-1]
            found.append(replace(record, path=f"{record.path}/{leaf}", reads=(*reads, *_last(kept))))
        else:
            found.append(record)
    return found


def _first_turns(owner: LayerRecord, inner: Sequence[LayerRecord], same: dict[str, str]) -> list[LayerRecord]:
    """The layers of the bodies, each in its first turn; a branch first taken in a later turn stands with the others of its If."""
    found: list[LayerRecord] = []
    names: dict[str, str] = {}
    for one in inner:
        path = owner.path + PASS.sub("", one.path[len(owner.path) :])
        first = names.setdefault(path, one.name)
        if first == one.name:
            reads = tuple(dict.fromkeys(same.get(name, name) for name in one.reads))
            found.insert(_after(found, path), replace(one, reads=reads))
        else:
            same[one.name] = first
    return found


def _after(found: Sequence[LayerRecord], path: str) -> int:
    """Where a path is put: at the end, or behind the last under the innermost of its groups that is already there."""
    while "/" in path:
        path = path.rsplit("/", 1)[0]
        place = next((i for i in range(len(found), 0, -1) if f"{found[i - 1].path}/".startswith(path + "/")), 0)
        if place:
            return place
    return len(found)


def _owners(records: Sequence[LayerRecord]) -> Iterator[tuple[LayerRecord, list[LayerRecord]]]:
    """Each layer with those that stand in its bodies: they follow it, under its path."""
    at = 0
    while at < len(records):
        record, end = records[at], at + 1
        while end < len(records) and records[end].inside and records[end].path.startswith(record.path + "/"):
            end += 1
        yield record, list(records[at + 1 : end])
        at = end


def _fed(owner: LayerRecord, inner: Sequence[LayerRecord], made: dict[str, str]) -> list[LayerRecord]:
    """The input layers of each body read what the layer was given in their place."""
    seen: Counter[str] = Counter()
    found = []
    for record in inner:
        body = record.path[len(owner.path) + 1 :].split("/", 1)
        if record.op == "Input" and record.domain == "laminae" and len(body) == 2 and "/" not in body[1]:
            place = seen[body[0]]
            seen[body[0]] += 1
            given = owner.inputs[place] if place < len(owner.inputs) else ""
            record = replace(record, reads=(made[given],) if given in made else ())
        found.append(record)
    return found


def _last(inner: Sequence[LayerRecord]) -> tuple[str, ...]:
    """What nobody inside reads: what the bodies give."""
    read = {name for record in inner for name in record.reads}
    return tuple(record.name for record in inner if record.name not in read)

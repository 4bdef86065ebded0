"""A body is a group of its layer: what ran inside an If or a Loop stands in a frame that ends with the layer itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from laminae.base.records import LayerRecord

PASS = re.compile(r"#\d+(?=/|$)")
"""The number of a turn in a path: `Loop_3/body/Add_1#2`."""


def housed(records: Sequence[LayerRecord]) -> tuple[list[LayerRecord], dict[str, int]]:
    """Layers with bodies after what stands in them, and in one group with it; how many turns a layer in a body took.

    Only the first turn is kept. A body's input layers read what their layer was given in that place.
    """
    turns = Counter(PASS.sub("", record.path) for record in records if record.inside)
    made = {output.value: record.name for record in records for output in record.outputs}
    found: list[LayerRecord] = []
    for record, inner in _owners(records):
        first = [one for one in inner if not PASS.search(one.path[len(record.path) :])]
        if first:
            first = _fed(record, first, made)
            kept, _ = housed(first)
            taken = {name for one in first for name in one.reads}
            reads = tuple(name for name in record.reads if name not in taken)
            found += kept
            leaf = record.path.rsplit("/", 1)[-1]
            found.append(replace(record, path=f"{record.path}/{leaf}", reads=(*reads, *_last(kept))))
        else:
            found.append(record)
    return found, {path: count for path, count in turns.items() if count > 1}


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

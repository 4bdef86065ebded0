"""The document: the layers, how they stand, what each made, what was expected, compared and found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from laminae.base.differences import LayerComparison
from laminae.base.findings import Finding
from laminae.base.learned import DeltaRecord
from laminae.base.records import LayerRecord, OutputComparison
from laminae.see.document.expected import expected_json, held, wish
from laminae.see.document.layers import Seen, delta_json, difference_json, documentation, layer_json, made_json
from laminae.see.document.numbers import finite
from laminae.see.document.tree import WISH, Tree, tree
from laminae.see.drawing.marking import marked_names
from laminae.see.layout import DOWN

FORMAT = 1
"""Of the document; a page that knows another says so."""


@dataclass(frozen=True)
class Document:
    """What there is to show. records: in forward order, with statistics and anatomy where these are wanted.

    facts: one line. compared: outputs held against what the data says; wanted: all of that by the output's name, where it is at
    hand; expected: what the last layer's output should be, or ids
    of classes, where it was not compared. differences: layers held against those of another model
    or run, whose own records are `beside` (by the name of the layer here), called `other`. first: the layer that differs first.
    highlight: layers, groups, globs. depth: how many levels of groups are open at first. live: whoever shows it can ask for
    more. notes: what is said first.
    """

    records: Sequence[LayerRecord]
    title: str
    facts: str = ""
    version: str = ""
    compared: Sequence[OutputComparison] = ()
    wanted: Mapping[str, Any] = field(default_factory=dict)
    expected: Any = None
    differences: Sequence[LayerComparison] = ()
    beside: Mapping[str, LayerRecord] | None = None
    other: str = ""
    first: str = ""
    findings: Sequence[Finding] = ()
    deltas: Sequence[DeltaRecord] = ()
    highlight: Sequence[str] | str = ()
    depth: int | None = None
    direction: str | None = None
    ms: float | None = None
    live: bool = False
    notes: Sequence[str] = ()


def document(given: Document) -> dict[str, Any]:
    """As JSON values, without pictures of what layers made: `add_previews` puts these in. Raises UnknownNameError for a
    highlight that means no layer."""
    records = given.records
    places = {record.name: i for i, record in enumerate(records)}
    expected = _expected(given)
    stored = given.live or any(value is not None for record in records for value in record.values)
    drawn = tree(
        records,
        depth=given.depth,
        direction=given.direction,
        pictured=stored,
        wishes={name: wish(o, beside=given.direction != DOWN) for name, o in expected.items()},
    )
    layers = [layer_json(record, places, drawn.homes[record.name]) for record in records]
    told: dict[str, Any] = {
        "format": FORMAT,
        "title": given.title,
        "facts": given.facts,
        "version": given.version,
        "live": given.live,
        "direction": drawn.direction,
        "nodes": drawn.nodes,
        "levels": drawn.levels,
        "arrows": drawn.arrows,
        "open": drawn.opened,
        "layers": layers,
        "documentation": documentation(records),
        "highlight": sorted(places[name] for name in marked_names(records, given.highlight)),
        "expected": [
            expected_json(o, places[name], _node(name, drawn), given.wanted.get(o.name)) for name, o in expected.items()
        ],
        "findings": [_finding(found, places) for found in given.findings],
        "notes": list(given.notes),
        "ms": finite(given.ms),
    }
    if not given.live:
        _made(given, layers)
    _differences(given, told, places)
    for delta in given.deltas:
        if delta.name in places:
            layers[places[delta.name]]["delta"] = delta_json(delta)
    return told


def add_previews(told: dict[str, Any], given: Document, seen: Seen) -> None:
    """What is seen of each stored output, here and beside it."""
    for layer, record in zip(told["layers"], given.records, strict=True):
        _fill(layer["outputs"], record, seen)
        other = (given.beside or {}).get(record.name)
        if other is not None and "beside" in layer:
            _fill(layer["beside"], other, seen)


def _fill(outputs: Sequence[dict[str, Any]], record: LayerRecord, seen: Seen) -> None:
    for output, value in zip(outputs, _values(record), strict=False):
        found = seen(value)
        if found is not None:
            output["preview"] = finite(found.as_json())
        else:
            output.pop("preview", None)


def _made(given: Document, layers: Sequence[dict[str, Any]]) -> None:
    for layer, record in zip(layers, given.records, strict=True):
        for output, more in zip(layer["outputs"], made_json(record, _values(record)), strict=False):
            output |= more
        other = (given.beside or {}).get(record.name)
        if other is not None:
            layer["beside"] = made_json(other, _values(other))


def _values(record: LayerRecord) -> Sequence[Any]:
    """One for each output; outputs that are left out have none."""
    if len(record.values) == len(record.outputs):
        return record.values
    return [value for value in record.values if value is not None]


def _differences(given: Document, told: dict[str, Any], places: Mapping[str, int]) -> None:
    told["other"] = given.other
    told["first"] = places.get(given.first)
    told["unmatched"] = []
    for found in given.differences:
        if found.name in places:
            told["layers"][places[found.name]]["difference"] = difference_json(found)
        else:
            told["unmatched"].append({**difference_json(found), "before": found.index})


def _expected(given: Document) -> dict[str, OutputComparison]:
    """By the name of the layer whose output it is."""
    if not given.records:
        return {}
    last = given.records[-1]
    if given.expected is not None:
        return {last.name: held(last, given.expected)}
    makers = {output.value: record.name for record in given.records for output in record.outputs}
    return {makers.get(found.name, last.name): found for found in given.compared}


def _node(name: str, drawn: Tree) -> int:
    return next(i for i, node in enumerate(drawn.nodes) if node["id"] == WISH + name)


def _finding(found: Finding, places: Mapping[str, int]) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in ("kind", "severity", "seen", "text", "advice")}
    also = [places[name] for name in found.layers if name in places]
    return {**told, "layer": places.get(found.layer), "layers": also}

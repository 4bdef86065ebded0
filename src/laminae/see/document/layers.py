"""A layer on the page: what it is, what it read, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laminae.base.differences import Difference, LayerComparison
from laminae.base.learned import DeltaRecord
from laminae.base.records import Anatomy, Histogram, LayerRecord, OutputRecord, Statistics
from laminae.base.statistics import histogram
from laminae.see.document.numbers import finite, histogram_json, statistics_json
from laminae.see.preview import Preview

Seen = Callable[[Any], Preview | None]
"""What is seen of a value at a glance; None: nothing."""


def layer_json(record: LayerRecord, places: Mapping[str, int], home: int) -> dict[str, Any]:
    """Without what it made. places: of layers by name, in forward order; home: the number of the node that shows it."""
    told: dict[str, Any] = {
        "name": record.name,
        "path": record.path,
        "op": record.op,
        "domain": record.domain,
        "kind": record.kind,
        "node": home,
        "reads": [places[name] for name in record.reads if name in places],
        "inputs": list(record.inputs),
        "parameters": record.parameters,
        "outputs": [_output(output) for output in record.outputs],
        "ms": finite(record.ms),
        "bytes": record.bytes,
    }
    if record.state != "ran":
        told["state"] = record.state
    if record.anatomy is not None:
        told |= _anatomy(record.anatomy)
        if not record.domain.startswith(("torch.", "laminae")):
            told["opset"] = record.anatomy.opset
    return told


def _anatomy(found: Anatomy) -> dict[str, Any]:
    weights = [
        {"name": p.name, "role": p.role, "shape": list(p.shape), "dtype": p.dtype, "bytes": p.bytes, "learns": p.learns}
        for p in found.parameters
    ]
    return {"attributes": [list(pair) for pair in found.attributes], "weights": weights}


def _output(output: OutputRecord) -> dict[str, Any]:
    shape = None if output.shape is None else list(output.shape)
    told: dict[str, Any] = {"value": output.value, "shape": shape, "dtype": output.dtype, "bytes": output.bytes}
    if output.kept:
        told["kept"] = output.kept
    return told


def made_json(record: LayerRecord, values: Sequence[Any]) -> list[dict[str, Any]]:
    """For each output its statistics and its histogram; nothing of one that was not stored."""
    return [_made(output, value) for output, value in zip(record.outputs, values, strict=False)]


def _made(output: OutputRecord, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Statistics):
        return {"statistics": statistics_json(value)}
    if isinstance(value, Histogram):
        return {"histogram": histogram_json(value)}
    return {"statistics": statistics_json(output.statistics), "histogram": histogram_json(histogram(value))}


def difference_json(found: LayerComparison) -> dict[str, Any]:
    """A layer beside its counterpart."""
    told = {"state": found.state, "other": found.other, "other_op": found.other_op, "note": found.note, "how": found.how}
    more = {"difference": _difference(found.difference), "own": _difference(found.own)}
    return {name: part for name, part in {**told, **more}.items() if part not in ("", None)}


def _difference(found: Difference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    told = {name: getattr(found, name) for name in ("correct", "max_abs", "max_rel", "cosine", "snr", "wrong", "elements")}
    return finite({**told, "at": list(found.at)})  # type: ignore[no-any-return]


def delta_json(found: DeltaRecord) -> dict[str, Any]:
    """What came to the layer in the backward pass."""
    return finite({"norm": found.norm, "state": found.state})  # type: ignore[no-any-return]


def documentation(records: Sequence[LayerRecord]) -> dict[str, dict[str, str]]:
    """The sentence and the address for each operator, by domain and name."""
    return {
        f"{record.domain}/{record.op}": {"text": record.anatomy.documentation, "url": record.anatomy.url}
        for record in records
        if record.anatomy is not None and record.anatomy.documentation
    }

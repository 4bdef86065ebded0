"""What a layer was in the evaluation phase: kept on the layer while it is in the other, never written to a file."""

from __future__ import annotations

import json
from typing import Any

from laminae.files.kept import PHASE
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.graph import unique_name


def remember(layer: Layer, was: dict[str, Any]) -> None:
    layer.metadata[PHASE] = json.dumps(was)


def remembered(layer: Layer) -> dict[str, Any]:
    """What `remember` was given, taken from the layer; empty for one that its file has in training."""
    return dict(json.loads(layer.metadata.pop(PHASE, "{}")))


def put_attribute(layer: Layer, name: str, value: Any) -> None:
    """An attribute, or none where the value is None. Copies of a graph may share the dict: it is replaced."""
    rest = {key: old for key, old in layer.attributes.items() if key != name}
    layer.attributes = rest if value is None else {**layer.attributes, name: value}


def new_name(graph: Graph, name: str) -> str:
    """The name, or with a number, where a layer, a value or a parameter of the graph has it."""
    taken = {layer.name for layer in graph.layers} | {value.name for value in graph.values()} | set(graph.parameters)
    return unique_name(name, taken)


def named(graph: Graph, name: str | None) -> Value | Parameter | None:
    """A parameter or a value of the graph by its name, None where it has gone."""
    if not name:
        return None
    return graph.parameters.get(name) or next((value for value in graph.values() if value.name == name), None)

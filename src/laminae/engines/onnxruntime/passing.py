"""Layers that give what they take (a Dropout that does not train), which the ONNX form leaves out: put in again as Identity."""

from __future__ import annotations

from collections.abc import Mapping

from laminae.files.module.to_onnx.finish import substitute
from laminae.graph import Graph, Layer, Value

SAME = ("alias", "clone", "contiguous", "detach", "dropout", "feature_dropout")
"""PyTorch's operators that give what they take, unless they train."""


def restore(graph: Graph, made: Graph, values: dict[Value, Value]) -> frozenset[Value]:
    """Put in again what only passes on, so that it can be seen and changed like any other layer.

    graph: the model's. made: its ONNX form. values: of the one → of the other; those found here come to them. Returns the values
    that can only be seen: what they pass on has other readers, and who reads which, the ONNX form does not tell.
    """
    only_seen = set()
    for layer in graph.layers:
        read = layer.inputs[0] if passes_on(layer) else None
        value = layer.outputs[0] if layer.outputs else None
        if value is None or value in values or not isinstance(read, Value) or read not in values:
            continue
        if graph.readers(read) == (layer,) and read not in graph.outputs and values[read] not in made.outputs:
            values[value] = _identity(made, values[read], layer)
        else:
            values[value] = values[read]
            only_seen.add(value)
    return frozenset(only_seen)


def passes_on(layer: Layer) -> bool:
    """Whether a layer gives what it takes."""
    return layer.domain == "torch.ops.aten" and layer.operator.startswith(SAME) and not layer.attributes.get("train")


def _identity(made: Graph, source: Value, layer: Layer) -> Value:
    """A layer that gives the source, in front of all that read it."""
    name = layer.name if layer.name not in made.index.by_name else f"{layer.name}:passed on"
    value = Value(_free(name, {x.name: x for x in made.values()}), source.dtype, source.shape)
    substitute(made, {source: value})
    place = 1 + next((i for i, x in enumerate(made.layers) if x is source.producer), -1)
    made.layers.insert(place, Layer(name, "Identity", (source,), (value,), opset=made.opsets[""], group=layer.group))
    made.changed()
    return value


def _free(name: str, taken: Mapping[str, Value]) -> str:
    while name in taken:
        name += "'"
    return name

"""Names: a layer that became one keeps its name; of several the one that gives its value does, the others stand under it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from laminae.graph.graph import Graph, unique_name
from laminae.graph.layer import Layer
from laminae.graph.value import Value


def give_names(made: Graph, owners: Mapping[str, Layer]) -> None:
    """Names and groups of layers and values. owners: path of a step → the layer it runs."""
    of = _owned(made, owners)
    mains = {owner: layer for layer, owner in of.items() if _is_read_outside(made, layer, of)}
    names = {layer.name for layer in made.layers if layer.is_input} | {owner.name for owner in mains}
    values = {x.name for x in (*made.inputs, *made.outputs, *made.parameters.values())}
    for layer in made.layers:
        if layer.is_input:
            continue
        owner = of.get(layer)
        preferred = ""
        if owner is None:
            _give(layer, unique_name(f"{_source(layer)}.{layer.operator}", names), "", names)
        elif mains.get(owner) is layer:
            _give(layer, owner.name, owner.group, names)
            layer.metadata, layer.doc = dict(owner.metadata), owner.doc
            (value, *more) = owner.outputs
            preferred = value.name if value is not None and not more else ""
        else:
            _give(layer, unique_name(f"{owner.name}/{layer.operator}", names), owner.group, names)
        _name_values(layer, preferred, made, values)
        _name_bodies(layer, layer.name, names, values)


def _give(layer: Layer, name: str, group: str, names: set[str]) -> None:
    layer.name, layer.group, layer.metadata, layer.doc = name, group, {}, ""
    names.add(name)


def _owned(made: Graph, owners: Mapping[str, Layer]) -> dict[Layer, Layer]:
    """Layer of the made graph → the layer it belongs to.

    A conversion that torch.onnx put in goes with who reads it; the sizes of inputs belong to none.
    """
    found: dict[Layer, Layer] = {}
    for layer in reversed(made.layers):
        owner = None if layer.is_input else _owner(layer.group, owners)
        if owner is None and any(not before.is_input for before in layer.previous) and not _of_inputs(layer, owners):
            owner = next((found[reader] for reader in made.next(layer) if reader in found), None)
        if owner is not None:
            found[layer] = owner
    return {layer: found[layer] for layer in made.layers if layer in found}


def _of_inputs(layer: Layer, owners: Mapping[str, Layer]) -> bool:
    """Whether a layer hangs on inputs alone, and on no step."""
    return all(x.is_input or (_owner(x.group, owners) is None and _of_inputs(x, owners)) for x in layer.previous)


def _source(layer: Layer) -> str:
    """The input whose size it is."""
    while layer.previous:
        layer = layer.previous[0]
    return layer.name


def _owner(path: str, owners: Mapping[str, Layer]) -> Layer | None:
    """The outermost step of a path: `steps/4/true_graph/steps/0` is in step 4."""
    match = re.match(r"steps/\d+", path)
    return owners.get(match[0]) if match else None


def _is_read_outside(made: Graph, layer: Layer, of: Mapping[Layer, Layer]) -> bool:
    """Whether what a layer makes is read by another than its owner's layers, or is an output."""
    if any(value in made.outputs for value in layer.outputs):
        return True
    return any(of.get(reader) is not of[layer] for reader in made.next(layer))


def _name_values(layer: Layer, preferred: str, made: Graph, taken: set[str]) -> None:
    for i, value in enumerate(layer.outputs):
        if value is not None and value not in made.outputs:
            own = layer.name if len(layer.outputs) == 1 else f"{layer.name}:{i}"
            _name(value, preferred if preferred and i == 0 else own, taken)


def _name(value: Value, name: str, taken: set[str]) -> None:
    value.name = unique_name(name, taken)
    taken.add(value.name)


def _name_bodies(layer: Layer, above: str, names: set[str], values: set[str]) -> None:
    """Layers in bodies stand under the layer's name."""
    for body in layer.bodies.values():
        for inner in body.layers:
            if not inner.is_input:
                _give(inner, unique_name(f"{above}/{inner.operator}", names), layer.group, names)
            for value in inner.outputs:
                if value is not None:
                    _name(value, f"{above}/{value.name}" if inner.is_input else inner.name, values)
                    inner.name = value.name if inner.is_input else inner.name
            _name_bodies(inner, inner.name, names, values)

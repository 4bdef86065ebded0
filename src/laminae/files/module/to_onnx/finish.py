"""What torch.onnx made, with the names, groups and parameters of the graph it was made from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from laminae.files.module.to_onnx.constants import take_constants
from laminae.files.module.to_onnx.naming import give_names
from laminae.files.module.to_onnx.outputs import take_outputs
from laminae.graph.graph import Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

Item = Value | Parameter


def finished(made: Graph, graph: Graph, arguments: Sequence[Item], owners: Mapping[str, Layer]) -> Graph:
    """The graph to write. arguments: of `graph`, what each input of `made` stands for. owners: path of a step → layer."""
    made.name, made.doc, made.metadata, made.notes = graph.name, graph.doc, dict(graph.metadata), {}
    _name_sizes(made, arguments)
    boxes = _take_arguments(made, arguments)
    taken = {*graph.parameters, *(x.name for x in boxes.values()), *(x.name for x in graph.values())}
    constants = take_constants(made, taken)
    substitute(made, {**boxes, **constants})
    _drop_unread(made)
    made.parameters = _read(made, graph)
    identities = take_outputs(made, graph.outputs)
    give_names(made, owners)
    made.extend(identities)
    return made


def _read(made: Graph, graph: Graph) -> dict[str, Parameter]:
    """The parameters of the graph that its layers read, in order, even where only those do that are not needed; constants."""
    own = {x.name for layer in graph.layers for x in layer.parameters.values()}
    used = {x for _, inner in made.graphs() for layer in inner.layers for x in layer.reads if isinstance(x, Parameter)}
    used.update(x for x in made.outputs if isinstance(x, Parameter))
    by_name = {x.name: x for x in used}
    kept = {name: by_name.get(name, x) for name, x in graph.parameters.items() if name in own or name in by_name}
    return kept | {name: by_name[name] for name in sorted(by_name) if name not in kept}


def _name_sizes(made: Graph, arguments: Sequence[Item]) -> None:
    """Sizes that vary under the names they have in the graph."""
    names: dict[str, str] = {}
    for value, argument in zip(made.inputs, arguments, strict=True):
        if isinstance(argument, Value) and value.shape is not None and argument.shape is not None:
            pairs = zip(value.shape, argument.shape, strict=False)
            names.update((a, b) for a, b in pairs if isinstance(a, str) and isinstance(b, str) and b.isidentifier())
    for _, inner in made.graphs():
        for value in inner.values():
            if value.shape is not None:
                value.shape = tuple(_named(dim, names) for dim in value.shape)


def _named(dim: Any, names: Mapping[str, str]) -> Any:
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found[0], found[0]), dim) if isinstance(dim, str) else dim


def _take_arguments(made: Graph, arguments: Sequence[Item]) -> dict[Value, Parameter]:
    """Inputs as they are in the graph; those that are parameters taken out, and what stands in their place."""
    boxes: dict[Value, Parameter] = {}
    for layer, argument in zip(made.input_layers, arguments, strict=True):
        value = layer.outputs[0]
        assert value is not None
        if isinstance(argument, Parameter):
            boxes[value] = _as_reals(argument)
            continue
        assert argument.producer is not None
        layer.name, layer.metadata, layer.doc = argument.producer.name, dict(argument.producer.metadata), argument.producer.doc
        layer.group = argument.producer.group
        value.name, value.doc, value.metadata = argument.name, argument.doc, dict(argument.metadata)
        if not _is_complex(argument) and not argument.kind:
            value.dtype, value.shape = argument.dtype, argument.shape
    made.layers = [layer for layer in made.layers if not (layer.is_input and layer.outputs[0] in boxes)]
    made.changed()
    return boxes


def _as_reals(parameter: Parameter) -> Parameter:
    """A complex parameter as torch.onnx computes with it: real and imaginary part along a last axis."""
    if not _is_complex(parameter):
        return parameter
    import torch

    array = torch.view_as_real(parameter.tensor().detach().resolve_conj())
    return Parameter(parameter.name, array, metadata=dict(parameter.metadata), doc=parameter.doc)


def _is_complex(item: Item) -> bool:
    return (item.dtype or "").startswith("complex")


def substitute(graph: Graph, found: Mapping[Any, Item]) -> None:
    """Other values in the place of some, in bodies too."""
    for _, inner in graph.graphs():
        for layer in inner.layers:
            layer.inputs = tuple(found.get(x, x) for x in layer.inputs)
        inner.outputs = tuple(found.get(x, x) for x in inner.outputs)
        inner.changed()


def _drop_unread(made: Graph) -> None:
    """What was made only to know a shape goes."""
    wanted: set[Any] = set(made.outputs)
    layers = []
    for layer in reversed(made.layers):
        if layer.is_input or any(value in wanted for value in layer.outputs):
            wanted.update(layer.reads)
            layers.append(layer)
    made.layers = layers[::-1]
    made.changed()

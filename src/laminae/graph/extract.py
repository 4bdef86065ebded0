"""A stretch of layers as a graph of its own, over the same parameters."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.errors import EditError
from laminae.graph.graph import Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value


def stretch(graph: Graph, first: Layer, last: Layer) -> Graph:
    """The layers from `first` to `last`, both included, without input layers that none of them reads.

    Raises EditError where `last` stands before `first`.
    """
    position = graph.index.position
    if position[first] > position[last]:
        raise EditError(
            f"layer {last.name!r} stands before {first.name!r} in forward order",
            {first.name: f"layer {position[first] + 1}", last.name: f"layer {position[last] + 1}"},
        )
    between = graph.layers[position[first] : position[last] + 1]
    read = {x for layer in between for x in layer.reads}
    return extract(graph, [x for x in between if not x.is_input or x in (first, last) or read.intersection(x.outputs)])


def extract(graph: Graph, layers: Sequence[Layer]) -> Graph:
    """A graph of these layers (in forward order), new objects over the same parameters.

    Its inputs are the values they read of others, in order of first use, each an input layer named after the value. Its
    outputs are the values that layers outside read or that are outputs of the whole; where there is none, the last layer's.
    """
    inside = set(layers)
    part = Graph(graph.name, opsets=graph.opsets)
    part.functions, part.notes = graph.functions, dict(graph.notes)
    made = {value for layer in layers for value in layer.outputs if value is not None}
    needed = dict.fromkeys(x for layer in layers for x in layer.reads if isinstance(x, Value) and x not in made)
    renamed: dict[Value | Parameter, Value] = {}
    names = {layer.name for layer in layers}
    for value in needed:
        name = value.name if value.name not in names else f"{value.name}:in"
        renamed[value] = part.add_input(value.name, value.dtype, value.shape, layer=name)
        renamed[value].kind = value.kind
    for layer in layers:
        part.append(_clone(layer, renamed))
        part.parameters.update((p.name, p) for p in layer.reads if isinstance(p, Parameter))
    outs = dict.fromkeys(
        value
        for layer in layers
        for value in layer.outputs
        if value is not None and (value in set(graph.outputs) or any(r not in inside for r in graph.readers(value)))
    )
    last = [value for value in layers[-1].outputs if value is not None][:1] if layers else []
    part.outputs = tuple(renamed[value] for value in outs or last)
    part.changed()
    return part


def between(graph: Graph, starts: Sequence[str], end: str) -> Graph:
    """What makes the value named `end` out of those named `starts`, which may be parameters: one input each, one output.

    Raises EditError for a name that the graph does not have, or where `end` also needs an input that is none of `starts`.
    """
    named: dict[str, Value | Parameter] = {**graph.parameters, **{value.name: value for value in graph.values()}}
    missing = [name for name in (*starts, end) if name not in named]
    if missing:
        raise EditError("no such value", {"names": ", ".join(map(repr, missing))})
    given = [named[name] for name in starts]
    layers = _makers(graph, named[end], set(given))
    part = Graph(graph.name, opsets=graph.opsets)
    part.functions, part.notes = graph.functions, dict(graph.notes)
    names = {layer.name for layer in layers}
    renamed: dict[Value | Parameter, Value] = {}
    for name, start in zip(starts, given, strict=True):
        renamed[start] = part.add_input(name, start.dtype, start.shape, layer=f"{name}:in" if name in names else name)
    for layer in layers:
        part.append(_clone(layer, renamed))
        part.parameters.update((p.name, p) for p in layer.reads if isinstance(p, Parameter) and p not in renamed)
    part.outputs = (renamed[named[end]],)
    part.changed()
    return part


def _makers(graph: Graph, end: Value | Parameter, given: set[Value | Parameter]) -> list[Layer]:
    """The layers that `end` needs where `given` are there already, in forward order."""
    needed: set[Layer] = set()
    waiting = [end]
    while waiting:
        value = waiting.pop()
        if value in given or isinstance(value, Parameter) or value.producer in needed:
            continue
        if value.producer is None or value.producer.is_input:
            raise EditError(f"value {end.name!r} depends on {value.name!r}, which is not given")
        needed.add(value.producer)
        waiting += value.producer.reads
    return [layer for layer in graph.layers if layer in needed]


def _clone(layer: Layer, renamed: dict[Value | Parameter, Value]) -> Layer:
    outputs = []
    for value in layer.outputs:
        if value is not None:
            renamed[value] = Value(value.name, value.dtype, value.shape, metadata=value.metadata, doc=value.doc, kind=value.kind)
        outputs.append(None if value is None else renamed[value])
    attributes = {k: _body(v, renamed) if isinstance(v, Graph) else v for k, v in layer.attributes.items()}
    return Layer(
        layer.name,
        layer.operator,
        tuple(None if x is None else renamed.get(x, x) for x in layer.inputs),
        tuple(outputs),
        attributes,
        domain=layer.domain,
        opset=layer.opset,
        group=layer.group,
        metadata=dict(layer.metadata),
        doc=layer.doc,
        function=layer.function,
    )


def _body(graph: Graph, outer: dict[Value | Parameter, Value]) -> Graph:
    """A body again, reading the renamed values of outside."""
    renamed = dict(outer)
    body = Graph(graph.name, opsets=graph.opsets)
    body.parameters, body.functions = dict(graph.parameters), graph.functions
    body.metadata, body.notes, body.doc = dict(graph.metadata), dict(graph.notes), graph.doc
    body.extend(_clone(layer, renamed) for layer in graph.layers)
    body.outputs = tuple(renamed.get(out, out) for out in graph.outputs)
    body.changed()
    return body

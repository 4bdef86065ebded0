"""Changes to a graph, refused whole or done whole: each runs inside a `transaction`, which puts everything back on error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from laminae.base.errors import EditError
from laminae.graph.graph import Graph
from laminae.graph.layer import Layer
from laminae.graph.order import downstream, forward_order, is_ordered
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value


@contextmanager
def transaction(graph: Graph) -> Iterator[Graph]:
    """What is changed inside stands when the block ends well; on any exception the graph, bodies included, is as it was."""
    saved = [_state(inner) for _, inner in graph.graphs()]
    try:
        yield graph
    except BaseException:
        for state in saved:
            _put_back(*state)
        raise


def _state(graph: Graph) -> tuple[Any, ...]:
    layers = [(x, x.name, x.inputs, x.outputs, dict(x.attributes), x.group) for x in graph.layers]
    values = [(v, v.name, v.dtype, v.shape, v.producer) for v in graph.values()]
    return graph, list(graph.layers), graph.outputs, dict(graph.parameters), dict(graph.opsets), layers, values


def _put_back(graph: Graph, order: Any, outputs: Any, parameters: Any, opsets: Any, layers: Any, values: Any) -> None:
    for layer, name, inputs, outs, attributes, group in layers:
        layer.name, layer.inputs, layer.outputs, layer.attributes, layer.group = name, inputs, outs, attributes, group
    for value, name, dtype, shape, producer in values:
        value.name, value.dtype, value.shape, value.producer = name, dtype, shape, producer
    graph.layers, graph.outputs, graph.parameters, graph.opsets = order, outputs, parameters, opsets
    graph.changed()


def put_in(graph: Graph, at: int, layers: Sequence[Layer], parameters: Sequence[Parameter]) -> None:
    """New layers at a place in the order, with the parameters they bring."""
    graph.layers[at:at] = layers
    for parameter in parameters:
        graph.add_parameter(parameter)
    graph.changed()


def reroute(graph: Graph, old: Value, new: Value, *, but: Sequence[Layer] = ()) -> None:
    """Whoever reads `old` reads `new`, bodies and the outputs of the model included, except the layers of `but`."""
    spared = set(but)
    for _, inner in graph.graphs():
        for layer in inner.layers:
            if layer not in spared:
                layer.inputs = tuple(new if x is old else x for x in layer.inputs)
        inner.outputs = tuple(new if x is old else x for x in inner.outputs)
        inner.changed()


def take_out(graph: Graph, layer: Layer, stand_in: Value | None) -> None:
    """Remove a layer; its readers read `stand_in` instead of its first output.

    Raises EditError where a reader would be left without a value.
    """
    for value in layer.outputs:
        if value is None or not (graph.readers(value) or value in graph.outputs):
            continue
        if stand_in is None or value is not layer.outputs[0]:
            readers = ", ".join(repr(r.name) for r in graph.readers(value)) or "the model's output"
            raise EditError(f"layer {layer.name!r} cannot be removed: its value {value.name!r} is read", {"readers": readers})
        reroute(graph, value, stand_in)
    graph.layers.remove(layer)
    graph.changed()
    drop_unread_parameters(graph, layer.parameters.values())


def drop_unread_parameters(graph: Graph, parameters: Sequence[Parameter] | Any) -> None:
    """Forget those that no layer reads any more."""
    for parameter in list(parameters):
        held = graph.parameters.get(parameter.name) is parameter
        if held and not graph.readers(parameter) and parameter not in graph.outputs:
            del graph.parameters[parameter.name]


def settle(graph: Graph, changed: set[Value]) -> None:
    """After a change: bring the layers into forward order and forget what was declared of the values that depend on it."""
    if not is_ordered(graph.layers):
        graph.layers = forward_order(graph.layers)
    for layer in downstream(graph.layers, changed):
        for value in layer.outputs:
            if value is not None:
                value.dtype = value.shape = None
    graph.changed()


def rename(graph: Graph, layer: Layer, name: str) -> None:
    """Give a layer another name; the value of an input layer goes with it. Parameters keep theirs: other graphs may share them.

    Raises EditError where the name is empty or taken.
    """
    if not isinstance(name, str) or not name or any(x.name == name for x in graph.layers):
        raise EditError(
            f"layer {layer.name!r} cannot be renamed to {name!r}", {"because": "a layer has that name" if name else "it is empty"}
        )
    if layer.is_input and layer.outputs[0] is not None and all(v.name != name for v in graph.values()):
        layer.outputs[0].name = name
    layer.name = name
    graph.changed()

"""From placed layers to a graph: a chain, any graph, or a layer for an edit of a graph that is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base.errors import UsageError
from laminae.graph import Graph, Value
from laminae.layers.edit import place
from laminae.layers.input import Input
from laminae.layers.layer import BuilderLayer, Call, Placed, Source
from laminae.layers.naming import Names
from laminae.layers.placing import put_layer
from laminae.layers.site import OPSET, Site, generator

__all__ = ["build", "chain", "place"]

Outputs = Source | Sequence[Source] | Mapping[str, Source]


def chain(*layers: Input | BuilderLayer[Any], seed: int = 0, name: str = "") -> Graph:
    """A graph of layers one behind the other, an Input first. Of a layer with several outputs the next takes the first.

    A layer that stands twice shares its parameters. seed: draws the weights; same seed, same bits.
    Raises UsageError where the first is no Input or another is, and what `build` raises.
    """
    if not layers or not isinstance(layers[0], Input):
        found = repr(layers[0]) if layers else "nothing"
        raise UsageError("a chain begins with an Input", {"expected": "chain(Input(3), Linear(1), …)", "found": found})
    last: Source = layers[0]
    for i, layer in enumerate(layers[1:], 2):
        if not isinstance(layer, BuilderLayer):
            way = "layers are objects: ReLU(), not ReLU" if isinstance(layer, type) else "several inputs: Model(inputs, outputs)"
            raise UsageError(
                f"part {i} of the chain is no layer", {"expected": "a layer", "found": repr(layer), "the way out": way}
            )
        outs = layer(last)
        last = outs[0] if isinstance(outs, tuple) else outs
    return build(layers[0], last, seed=seed, name=name)


def build(inputs: Input | Sequence[Input], outputs: Outputs, seed: int = 0, name: str = "") -> Graph:
    """The graph of all layers that `outputs` depend on, in the order they were called.

    inputs: the Input or Inputs, in the model's order. outputs: what calling layers gave; in a dict with the names they are to
    bear. seed: draws the weights, in the order of the layers; same seed, same bits (and building again gives new, equal
    parameters). name: of the graph. Raises UsageError for an Input that is missing or not used, an output that is none, a
    name given twice; ShapeError, DTypeError where a layer cannot take its input.
    """
    given, wanted = _inputs(inputs), _outputs(outputs)
    calls = _calls(list(wanted.values()))
    _require_inputs(given, calls, list(wanted.values()))
    names = Names(avoided=wanted)
    owners = _reserve(names, given, calls)
    graph, site = Graph(name, opsets={"": OPSET}), Site(names, generator(seed))
    values: dict[tuple[object, int], Value] = {}
    for x in given:
        values[x, 0] = graph.add_input(names.input() if x.name is None else x.name, x.dtype, x.dims)
    site.layers.extend(graph.layers)
    for call in calls:
        read = tuple(values[_key(x)] for x in call.inputs)
        outs = put_layer(site, call.layer, read, _name(site, owners, call.layer))
        values.update({(call, i): value for i, value in enumerate(outs)})
    graph.layers = site.layers
    for parameter in site.parameters:
        graph.add_parameter(parameter)
    graph.outputs = tuple(values[_key(x)] for x in wanted.values())
    if isinstance(outputs, Mapping):
        _rename(graph, list(wanted))
    graph.changed()
    return graph


def _key(x: Source) -> tuple[object, int]:
    return (x, 0) if isinstance(x, Input) else (x.call, x.index)


def _inputs(inputs: Input | Sequence[Input]) -> list[Input]:
    given = list(inputs) if isinstance(inputs, Sequence) else [inputs]
    for x in given:
        if not isinstance(x, Input):
            raise UsageError("the inputs of a model are Inputs", {"expected": "Input(3), or a list of them", "found": repr(x)})
    if len(set(given)) < len(given):
        raise UsageError("an Input is given twice", {"inputs": ", ".join(map(repr, given))})
    return given


def _outputs(outputs: Outputs) -> dict[str, Source]:
    """The outputs by name, or by number where they have none."""
    if isinstance(outputs, Mapping):
        found = dict(outputs)
    else:
        found = {str(i): x for i, x in enumerate(outputs if isinstance(outputs, Sequence) else [outputs], 1)}
    if not found:
        raise UsageError("a model needs an output", {"expected": "what calling a layer gave, or a list or dict of such"})
    for label, x in found.items():
        if not isinstance(label, str) or not label.strip():
            raise UsageError(f"{label!r} is no name for an output", {"expected": "text"})
        if not isinstance(x, (Placed, Input)):
            way = "call it: build(x, layer(x))" if isinstance(x, BuilderLayer) else "layer(x) gives one"
            raise UsageError(
                f"output {label} has no place in the graph",
                {"expected": "what calling a layer gave", "found": repr(x), "the way out": way},
            )
    if len({_key(x) for x in found.values()}) < len(found):
        raise UsageError("one value is given as output twice", {"outputs": ", ".join(f"{k}: {v!r}" for k, v in found.items())})
    return found


def _calls(outputs: Sequence[Source]) -> list[Call]:
    """Every call that the outputs depend on, in the order of calling."""
    waiting = [x.call for x in outputs if isinstance(x, Placed)]
    found = set(waiting)
    while waiting:
        before = {x.call for x in waiting.pop().inputs if isinstance(x, Placed)} - found
        found |= before
        waiting.extend(before)
    return sorted(found, key=lambda call: call.number)


def _require_inputs(given: Sequence[Input], calls: Sequence[Call], outputs: Sequence[Source]) -> None:
    """Raises UsageError unless exactly the given Inputs are read."""
    readers = {x: call for call in reversed(calls) for x in call.inputs if isinstance(x, Input)}
    read = {**dict.fromkeys(x for x in outputs if isinstance(x, Input)), **readers}
    for x in read:
        if x not in given:
            raise UsageError(
                f"{x!r} is read but is not among the inputs of the model",
                {
                    "read by": readers[x].layer if x in readers else "the outputs",
                    "inputs": ", ".join(map(repr, given)),
                    "the way out": "list every Input: Model([x, y], …)",
                },
            )
    for x in given:
        if x not in read:
            raise UsageError(
                f"{x!r} is an input that no layer reads on the way to the outputs", {"the way out": "leave it out, or use it"}
            )


def _reserve(names: Names, given: Sequence[Input], calls: Sequence[Call]) -> dict[BuilderLayer[Any], str]:
    """Take every name that was given before any is made up; the layers that have one."""
    owners: dict[str, Input | BuilderLayer[Any]] = {}
    bearers: list[Input | BuilderLayer[Any]] = [*given, *dict.fromkeys(call.layer for call in calls)]
    for owner in bearers:
        if owner.name is not None and owners.setdefault(owner.name, owner) is not owner:
            raise UsageError(
                f"two layers are named {owner.name!r}",
                {
                    "first": owners[owner.name],
                    "second": owner,
                    "the way out": "a name each; to share the parameters, call the same layer object again",
                },
            )
    names.taken.update(owners)
    return {layer: name for name, layer in owners.items() if isinstance(layer, BuilderLayer)}


def _name(site: Site, owners: Mapping[BuilderLayer[Any], str], layer: BuilderLayer[Any]) -> str:
    """The name of a layer the first time, `relu#2` when it comes again."""
    if layer in site.owned:
        return site.names.fresh(site.owned[layer][0])
    return owners[layer] if layer in owners else site.names.automatic(type(layer).__name__.lower())


def _rename(graph: Graph, labels: Sequence[str]) -> None:
    """Give the outputs the names they are to bear. Raises UsageError where another value or a parameter has one."""
    outs = set(graph.outputs)
    taken = {v.name for v in graph.values() if v not in outs} | set(graph.parameters)
    for label, value in zip(labels, graph.outputs, strict=True):
        producer = value.producer if isinstance(value, Value) else None
        if label in taken or (producer is not None and producer.is_input and value.name != label):
            because = "another value has that name" if label in taken else f"it is the input {value.name!r} itself"
            raise UsageError(f"an output cannot be named {label!r}", {"because": because, "the way out": "another name"})
        value.name = label

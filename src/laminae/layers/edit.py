"""A layer for an edit of a graph that is there already: made and checked, but not yet put in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from laminae.base.errors import EditError, UsageError
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.layers.layer import BuilderLayer, require_count
from laminae.layers.naming import Names, require_name
from laminae.layers.placing import put_layer
from laminae.layers.site import OPSET, Site, generator
from laminae.ops.registry import find


def place(
    graph: Graph,
    layer: BuilderLayer[Any],
    values: tuple[Value, ...],
    at: int,
    *,
    name: str | None = None,
    seed: int = 0,
    instead_of: Sequence[Layer] = (),
) -> tuple[list[Layer], list[Parameter], tuple[Value, ...]]:
    """The layers and parameters that a builder layer needs in `graph`, and the values it gives; the graph stays as it is.

    values: what it reads. at: the place in the order where it will stand. name: before the layer's own, before `linear_1`.
    seed: draws its weights. instead_of: layers that will go, whose names are free. The new layers have the graph's own opset
    (23 where it has none for the main domain).
    Raises UsageError for what is no builder layer, EditError where the name is taken, a value is made at `at` or later, or the
    graph's opset has another version of an operator than the layer means; ShapeError, DTypeError where it cannot take `values`.
    """
    if not isinstance(layer, BuilderLayer):
        way = f"{layer.__name__}(…)" if isinstance(layer, type) else "laminae.ReLU(), laminae.Linear(10)"
        raise UsageError(f"{layer!r} is no layer to put in a model", {"expected": "a builder's layer", "the way out": way})
    require_count(layer, len(values))
    require_name(layer, name or layer.name)
    _require_made(graph, layer, values, at)
    names = Names(_taken(graph, set(instead_of)))
    label = name or layer.name or names.automatic(type(layer).__name__.lower())
    if (name or layer.name) and label in names.taken:
        raise EditError(f"a layer cannot be named {label!r}", {"because": "the model has that name", "the way out": "name=…"})
    names.taken.add(label)
    site = Site(names, generator(seed), graph.opsets.get("", OPSET))
    outs = put_layer(site, layer, values, label)
    _require_same_operators(site.layers, site.opset, layer)
    return site.layers, site.parameters, outs


def _require_made(graph: Graph, layer: BuilderLayer[Any], values: tuple[Value, ...], at: int) -> None:
    position = graph.index.position
    for value in values:
        maker = value.producer
        if maker is None or position.get(maker, at) >= at:
            raise EditError(
                f"{layer!r} cannot read {value.name!r} here",
                {
                    "because": f"layer {maker.name!r} makes it later" if maker in position else "no layer of the model makes it",
                    "place": f"layer {at + 1} of {len(graph.layers) + 1}",
                },
            )


def _taken(graph: Graph, gone: set[Layer]) -> Iterator[str]:
    """Every name in use by what will stay, bodies included."""
    for _, inner in graph.graphs():
        for layer in inner.layers:
            if layer not in gone:
                yield layer.name
                yield from (value.name for value in layer.outputs if value is not None)
        for parameter in inner.parameters.values():
            if not gone or not graph.readers(parameter) or not gone.issuperset(graph.readers(parameter)):
                yield parameter.name


def _require_same_operators(layers: Sequence[Layer], opset: int, owner: BuilderLayer[Any]) -> None:
    """Raises EditError where the graph's opset means another version of an operator than the layer does."""
    for layer in layers:
        if find("", layer.operator, opset) is not find("", layer.operator, OPSET):
            raise EditError(
                f"{owner!r} cannot be put into a model of opset {opset}",
                {
                    "operator": layer.operator,
                    "because": f"{owner!r} means {layer.operator} as it is at opset {OPSET}; at {opset} it is another or none",
                    "the way out": f"convert the model to opset {OPSET} or newer first (onnx.version_converter)",
                },
            )

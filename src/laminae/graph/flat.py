"""The graph without references, as tables of numbers: what copies and pickles are made of, at any depth without recursion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from laminae.graph.graph import Function, Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

Ref = int | None


@dataclass(frozen=True)
class _Body:
    """Stands for a graph among the attributes."""

    graph: int


@dataclass
class Flat:
    """Tables: every value, parameter, function, layer and graph by number. Graph 0 is the outermost."""

    boxes: list[Any]
    layers: list[tuple[Any, ...]]
    functions: list[tuple[Any, ...]]
    graphs: list[dict[str, Any]]


def flatten(graph: Graph, *, copy: bool = False) -> Flat:
    """A graph and all inside it as tables. copy: with parameters of their own, not the same boxes."""
    return _Flattener(copy).all(graph)


class _Flattener:
    def __init__(self, copy: bool) -> None:
        self.flat = Flat([], [], [], [])
        self.copy = copy
        self.numbers: dict[Any, int] = {}
        self.graph_numbers: dict[int, int] = {}
        self.function_numbers: dict[int, int] = {}
        self.waiting: list[Graph] = []
        self.functions: list[Function] = []

    def all(self, graph: Graph) -> Flat:
        self.graph(graph)
        while self.waiting:
            current = self.waiting.pop(0)
            self.flat.graphs[self.graph_numbers[id(current)]].update(self.content(current))
        return self.flat

    def graph(self, graph: Graph) -> int:
        if id(graph) not in self.graph_numbers:
            self.graph_numbers[id(graph)] = len(self.flat.graphs)
            self.flat.graphs.append({})
            self.waiting.append(graph)
        return self.graph_numbers[id(graph)]

    def box(self, item: Value | Parameter | None) -> Ref:
        if item is None:
            return None
        if item not in self.numbers:
            self.numbers[item] = len(self.flat.boxes)
            self.flat.boxes.append(self.plain(item))
        return self.numbers[item]

    def plain(self, item: Value | Parameter) -> Any:
        if isinstance(item, Value):
            return (item.name, item.dtype, item.shape, dict(item.metadata), item.doc, item.kind)
        return item.copy() if self.copy else item

    def function(self, function: Function | None) -> Ref:
        if function is None:
            return None
        if id(function) not in self.function_numbers:
            self.function_numbers[id(function)] = len(self.functions)
            self.functions.append(function)
            number = self.graph(function.graph)
            f = function
            self.flat.functions.append(
                (f.name, f.domain, f.overload, number, f.attributes, dict(f.defaults), f.doc, dict(f.metadata))
            )
        return self.function_numbers[id(function)]

    def content(self, graph: Graph) -> dict[str, Any]:
        return {
            "name": graph.name,
            "opsets": dict(graph.opsets),
            "parameters": [self.box(p) for p in graph.parameters.values()],
            "functions": [self.function(f) for f in graph.functions.values()],
            "layers": [self.layer(layer) for layer in graph.layers],
            "outputs": [self.box(out) for out in graph.outputs],
            "metadata": dict(graph.metadata),
            "notes": dict(graph.notes),
            "doc": graph.doc,
        }

    def layer(self, layer: Layer) -> int:
        attributes = {k: _Body(self.graph(v)) if isinstance(v, Graph) else v for k, v in layer.attributes.items()}
        self.flat.layers.append(
            (
                layer.name,
                layer.operator,
                tuple(self.box(x) for x in layer.inputs),
                tuple(self.box(x) for x in layer.outputs),
                attributes,
                {
                    "domain": layer.domain,
                    "opset": layer.opset,
                    "group": layer.group,
                    "metadata": dict(layer.metadata),
                    "doc": layer.doc,
                },
                self.function(layer.function),
            )
        )
        return len(self.flat.layers) - 1


def restore(flat: Flat) -> Graph:
    """The graph again, with new layers and values."""
    boxes = [b if isinstance(b, Parameter) else Value(*b[:3], metadata=b[3], doc=b[4], kind=b[5]) for b in flat.boxes]
    graphs = [Graph() for _ in flat.graphs]
    functions = [
        Function(name, domain, overload, graphs[number], attributes, defaults, doc, metadata)
        for name, domain, overload, number, attributes, defaults, doc, metadata in flat.functions
    ]

    def box(ref: Ref) -> Any:
        return None if ref is None else boxes[ref]

    def layer(number: int) -> Layer:
        name, operator, inputs, outputs, attributes, rest, function = flat.layers[number]
        attributes = {k: graphs[v.graph] if isinstance(v, _Body) else v for k, v in attributes.items()}
        return Layer(
            name,
            operator,
            tuple(map(box, inputs)),
            tuple(map(box, outputs)),
            attributes,
            function=None if function is None else functions[function],
            **rest,
        )

    for graph, content in zip(graphs, flat.graphs, strict=True):
        graph.name, graph.doc = content["name"], content["doc"]
        graph.opsets, graph.metadata, graph.notes = content["opsets"], content["metadata"], content["notes"]
        graph.parameters = {boxes[n].name: boxes[n] for n in content["parameters"]}
        graph.functions = {functions[n].key: functions[n] for n in content["functions"]}
        graph.layers = [layer(n) for n in content["layers"]]
        graph.outputs = tuple(box(n) for n in content["outputs"])
        graph.changed()
    return graphs[0]

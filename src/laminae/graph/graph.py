"""The ordered graph: layers in forward order, the parameters they own, what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from laminae.base.errors import ModelError
from laminae.base.shapes import Shape
from laminae.graph.layer import INPUT, OURS, Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value


@dataclass(eq=False)
class Function:
    """A function that layers call by (domain, name, overload): its graph, and the attributes it takes with their defaults."""

    name: str
    domain: str
    overload: str
    graph: Graph
    attributes: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)
    doc: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.domain, self.name, self.overload


@dataclass(frozen=True)
class Reference:
    """An attribute inside a function that takes its value from the function's own attribute of that name.

    kind: the type it must have, as its file format numbers it.
    """

    name: str
    kind: int


@dataclass(frozen=True)
class Serialized:
    """An attribute that is kept as its file has it (a type, a sparse tensor): `text` for people, `data` for the file.

    kind: its type, as its file format numbers it.
    """

    kind: int
    text: str
    data: bytes


class Index:
    """What is looked up often, made once per state of the graph."""

    def __init__(self, graph: Graph) -> None:
        self.position = {layer: i for i, layer in enumerate(graph.layers)}
        self.input_layers = tuple(layer for layer in graph.layers if layer.is_input)
        self.by_name = {layer.name: layer for layer in graph.layers}
        self.by_path: dict[str, list[Layer]] = {}
        self.readers: dict[Value | Parameter, list[Layer]] = {}
        for layer in graph.layers:
            self.by_path.setdefault(layer.path, []).append(layer)
            for read in dict.fromkeys(layer.reads):
                self.readers.setdefault(read, []).append(layer)


class Graph:
    """Layers in forward order.

    layers: in forward order, input layers first. outputs: what the model declares as output, in order.
    opsets: domain → version of its vocabulary. notes: what a file said of itself, kept for saving it again.
    Change it through `edit`, or call `changed` after changing it by hand.
    """

    def __init__(self, name: str = "", *, opsets: dict[str, int] | None = None) -> None:
        self.name = name
        self.layers: list[Layer] = []
        self.outputs: tuple[Value | Parameter, ...] = ()
        self.parameters: dict[str, Parameter] = {}
        self.functions: dict[tuple[str, str, str], Function] = {}
        self.opsets: dict[str, int] = dict(opsets or {})
        self.metadata: dict[str, str] = {}
        self.notes: dict[str, Any] = {}
        self.doc = ""
        self.revision = 0
        self._index: Index | None = None
        self._free: tuple[Value | Parameter, ...] | None = None

    # -- building ------------------------------------------------------------------------------------------------------

    def add_input(self, name: str, dtype: str | None = None, shape: Shape | None = None, *, layer: str = "") -> Value:
        """An input layer at the end of the order; its value."""
        value = Value(name, dtype, shape)
        self.append(Layer(layer or name, INPUT, outputs=(value,), domain=OURS))
        return value

    def add_parameter(self, parameter: Parameter) -> Parameter:
        """Raises ModelError where another parameter has the name."""
        if self.parameters.setdefault(parameter.name, parameter) is not parameter:
            raise ModelError(f"two parameters are named {parameter.name!r}")
        return parameter

    def append(self, layer: Layer) -> Layer:
        """A layer at the end of the order."""
        self.layers.append(layer)
        self.changed()
        return layer

    def extend(self, layers: Iterable[Layer]) -> None:
        self.layers.extend(layers)
        self.changed()

    def changed(self) -> None:
        """Forget what was looked up: the graph is another now."""
        self.revision += 1
        self._index = None
        self._free = None

    # -- looking -------------------------------------------------------------------------------------------------------

    @property
    def index(self) -> Index:
        if self._index is None:
            self._index = Index(self)
        return self._index

    @property
    def input_layers(self) -> tuple[Layer, ...]:
        return self.index.input_layers

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The values of the input layers, in order."""
        return tuple(layer.outputs[0] for layer in self.index.input_layers if layer.outputs[0] is not None)

    @property
    def output_layers(self) -> tuple[Layer, ...]:
        """The layers whose values are outputs, each once, in the order of the outputs."""
        producers = (out.producer for out in self.outputs if isinstance(out, Value))
        return tuple(dict.fromkeys(p for p in producers if p is not None))

    def readers(self, value: Value | Parameter) -> tuple[Layer, ...]:
        """The layers that read a value, in order."""
        return tuple(self.index.readers.get(value, ()))

    def next(self, layer: Layer) -> tuple[Layer, ...]:
        """The layers that read what this one makes, in order."""
        found = {reader: None for out in layer.outputs if out is not None for reader in self.readers(out)}
        return tuple(sorted(found, key=self.index.position.__getitem__))

    def values(self) -> Iterator[Value]:
        """Every value, in the order they are made."""
        for layer in self.layers:
            for value in layer.outputs:
                if value is not None:
                    yield value

    def free(self) -> tuple[Value | Parameter, ...]:
        """What this graph reads but does not hold: what a body takes from outside."""
        if self._free is None:
            made = set(self.values())
            reads = [read for layer in self.layers for read in layer.reads] + list(self.outputs)
            found = dict.fromkeys(
                read
                for read in reads
                if (read not in made if isinstance(read, Value) else self.parameters.get(read.name) is not read)
            )
            self._free = tuple(found)
        return self._free

    def graphs(self) -> Iterator[tuple[str, Graph]]:
        """This graph and every one inside it with its path, functions once each; the outer before the inner."""
        waiting: list[tuple[str, Graph]] = [("", self)]
        seen: set[int] = set()
        while waiting:
            prefix, graph = waiting.pop()
            if id(graph) in seen:
                continue
            seen.add(id(graph))
            yield prefix, graph
            inner = [(f"{prefix}{layer.path}/{label}/", body) for layer in graph.layers for label, body in layer.bodies.items()]
            waiting.extend(reversed(inner))

    def bodies(self) -> list[Graph]:
        """This graph and those inside it, without functions: a function is shared by its calls, and owns no parameter."""
        functions = {id(f.graph) for f in self.functions.values()}
        functions |= {id(x.function.graph) for _, graph in self.graphs() for x in graph.layers if x.function is not None}
        return [graph for _, graph in self.graphs() if id(graph) not in functions]

    def __repr__(self) -> str:
        return f"Graph({self.name!r}, {len(self.layers)} layers)"

    def __reduce__(self) -> tuple[object, ...]:
        from laminae.graph.flat import flatten, restore

        return restore, (flatten(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        from laminae.graph.flat import flatten, restore

        return restore(flatten(self, copy=True))


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names, a repeated one with `#2`, `#3`…"""
    found: dict[str, None] = {}
    for name in names:
        found[unique_name(name, found)] = None
    return tuple(found)


def unique_name(name: str, taken: Sequence[str] | set[str] | dict[str, Any]) -> str:
    """The name, or the name with `#2`, `#3`… where it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    return f"{name}#{number}"

"""One side of a comparison: layers in order, what each reads and made, and the session that can run them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from laminae.compare.kinds import kind
from laminae.engines.interface import Engine
from laminae.graph import Layer, Parameter, Value
from laminae.plan.about import About, about
from laminae.trace.record import Entry, Record
from laminae.trace.session import Session


@dataclass(frozen=True, eq=False)
class Node:
    """A layer of the outermost graph as it was when it ran. place: in forward order, from 1.

    inputs: names, "" where one is left out; reads: names of values, those its bodies read too; values: what it made, None where
    that was not kept. layer: in the graph, None where that has been edited since.
    """

    place: int
    about: About
    reads: tuple[str, ...]
    values: tuple[Any, ...]
    layer: Layer | None = None

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def path(self) -> str:
        return self.about.path

    @property
    def op(self) -> str:
        return self.about.op

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.about.inputs

    @property
    def outputs(self) -> tuple[str | None, ...]:
        return self.about.outputs

    @property
    def is_input(self) -> bool:
        return self.about.is_input

    @cached_property
    def kind(self) -> str:
        return "input" if self.is_input else kind(self.op)

    @property
    def value(self) -> str:
        """The name of its first output."""
        return next((name for name in self.outputs if name is not None), "")

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.op})"


@dataclass(frozen=True, eq=False)
class Side:
    """outputs: the names of the output values, in order. record: of its run, None where it has none. why: it cannot be run again,
    in words; empty where it can.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    session: Session | None = None
    record: Record | None = None
    why: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def made_by(self) -> dict[str, tuple[Node, int]]:
        """Value name → the layer that makes it, and as which output."""
        return {name: (node, i) for node in self.nodes for i, name in enumerate(node.outputs) if name is not None}

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.reads):
                found.setdefault(name, []).append(node)
        return found

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        return {} if self.session is None or self.why else self.session.graph.parameters

    @cached_property
    def constant(self) -> frozenset[Node]:
        """Layers that no input reaches: they make what a parameter could be."""
        reached = {node for node in self.nodes if node.is_input}
        for node in self.nodes:
            if any(self.made_by[name][0] in reached for name in node.reads if name in self.made_by):
                reached.add(node)
        return frozenset(node for node in self.nodes if node not in reached)

    def flows(self, node: Node) -> tuple[str, ...]:
        """The values among its inputs that an input of the model reaches, in order."""
        names = (name for name in node.inputs if name in self.made_by)
        return tuple(name for name in names if self.made_by[name][0] not in self.constant)

    def value(self, name: str) -> Any:
        """What was made under this name; None where it was not kept."""
        node, i = self.made_by[name]
        return node.values[i]


EDITED = "its model has been edited since it ran"


def side_of_record(record: Record) -> Side:
    """The outermost layers of a run."""
    graph = record.session.graph
    same = graph.revision == record.revision
    known = graph.index.by_name if same else {}
    entries = [entry for entry in record.entries if not entry.inside]
    ends = _ends(record) if same else {}
    outer = {entry.about.name: entry.about for entry in entries}
    nodes = tuple(_node(i, entry, known.get(entry.about.name), outer, ends) for i, entry in enumerate(entries, 1))
    made = {name for node in nodes for name in node.outputs}
    nodes = tuple(replace(node, reads=tuple(name for name in node.reads if name in made)) for node in nodes)
    names = tuple(out.name for out in graph.outputs) if same else tuple(record.outputs)
    return Side(nodes, names, record.session, record, "" if same else EDITED)


def _node(place: int, entry: Entry, layer: Layer | None, outer: Mapping[str, About], ends: Mapping[str, Any]) -> Node:
    return Node(place, entry.about, _reads(entry.about, layer, outer), _whole(entry, ends), layer)


def _ends(record: Record) -> dict[str, Any]:
    """The values that every run keeps, whatever it stores: what came in and what came out."""
    inputs = {value.name: held for value, held in record.run.stored().items() if value.producer and value.producer.is_input}
    return inputs | {out.name: held for out, held in zip(record.session.graph.outputs, record.run.outputs, strict=True)}


def _whole(entry: Entry, ends: Mapping[str, Any]) -> tuple[Any, ...]:
    """Its outputs, None where only a part of them was kept; inputs and outputs of the model are known in any case."""
    kept = (None,) * len(entry.values) if entry.part else entry.values
    return tuple(ends.get(name or "") if value is None else value for name, value in zip(entry.about.outputs, kept, strict=True))


def _reads(node: About, layer: Layer | None, outer: Mapping[str, About]) -> tuple[str, ...]:
    """Names of values, perhaps of parameters; of a layer that is no more in the graph as far as its record tells."""
    if layer is not None:
        return tuple(dict.fromkeys(x.name for x in layer.reads if isinstance(x, Value)))
    captured = (about for about in map(outer.get, (x.name for x in node.previous)) if about is not None)
    more = [about.outputs[0] for about in captured if not set(about.outputs) & set(node.inputs) and about.outputs[0]]
    return tuple(dict.fromkeys([name for name in node.inputs if name] + more))


def side_of_graph(session: Session) -> Side:
    """The layers of a model that did not get through its run: nothing is known of what they make."""
    operators = session.engine.operators()
    nodes = tuple(
        Node(
            i,
            about(layer, operators.get(layer)),
            tuple(dict.fromkeys(x.name for x in layer.reads if isinstance(x, Value))),
            (None,) * len(layer.outputs),
            layer,
        )
        for i, layer in enumerate(session.graph.layers, 1)
    )
    return Side(nodes, tuple(out.name for out in session.graph.outputs), session)


def runner(side: Side) -> tuple[Engine, Any]:
    """What ran the side, and where; of one that did not run, torch."""
    assert side.session is not None
    if side.record is None:
        return side.session.engine, side.session.engine.home
    return side.record.run.engine, side.record.run.device


def with_values(side: Side, values: Mapping[Node, Sequence[Any]], keys: Mapping[str, str]) -> Side:
    """The same layers, with what they are expected to make. keys: layer → under which name that was given."""
    nodes = tuple(replace(node, values=tuple(values.get(node, (None,) * len(node.outputs)))) for node in side.nodes)
    return Side(nodes, side.outputs, side.session, None, "it is expected values", keys)


def ancestors(side: Side, nodes: Iterable[Node]) -> dict[Node, int]:
    """Of every layer, as a set of bits, which of these stand above it or are it. Bit i is of the i-th."""
    bit = {node: 1 << i for i, node in enumerate(nodes)}
    found: dict[Node, int] = {}
    for node in side.nodes:
        above = bit.get(node, 0)
        for name in node.reads:
            above |= found[side.made_by[name][0]]
        found[node] = above
    return found


def descendants(side: Side, nodes: Iterable[Node]) -> dict[Node, int]:
    """Likewise, which stand below it or are it."""
    bit = {node: 1 << i for i, node in enumerate(nodes)}
    found = {node: bit.get(node, 0) for node in side.nodes}
    for node in reversed(side.nodes):
        for name in node.reads:
            found[side.made_by[name][0]] |= found[node]
    return found

"""The layers as plain records before any run: shapes and costs by the operators' rules, parameters counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from laminae.base.cost import NOTHING, Cost
from laminae.base.records import LayerRecord, OutputRecord
from laminae.base.shapes import Spec
from laminae.graph import Graph, Layer, Value
from laminae.graph.select import unknown
from laminae.ops.registry import find
from laminae.plan.about import about
from laminae.plan.anatomy import anatomy as anatomy_of
from laminae.plan.shapes import Walk, spec_of, walk


def describe(
    graph: Graph, shapes: Mapping[str, Sequence[int | str]] | None = None, *, anatomy: bool = False
) -> tuple[LayerRecord, ...]:
    """One record a layer, in forward order. shapes: of inputs by name, in place of the declared ones."""
    given = {name: _given(graph, name, shape) for name, shape in (shapes or {}).items()}
    found = walk(graph, given, costs=True)
    return tuple(_record(i, layer, found, anatomy) for i, layer in enumerate(graph.layers, 1))


MOST_INSIDE = 2_000
"""Layers in bodies that are told of: functions that call one another may hold more than can be counted."""


def describe_whole(
    graph: Graph, shapes: Mapping[str, Sequence[int | str]] | None = None, *, anatomy: bool = False
) -> tuple[LayerRecord, ...]:
    """As `describe`, each layer followed by those in its bodies, named by their paths as in a trace, with declared sizes."""
    found: list[LayerRecord] = []
    room = MOST_INSIDE
    for layer, record in zip(graph.layers, describe(graph, shapes, anatomy=anatomy), strict=True):
        inner = list(_inside(layer, record.path, {x: x.name for x in graph.layers}, room, anatomy)) if layer.bodies else []
        found += [record, *(inner if len(inner) < room else [])]
        room -= len(inner) if len(inner) < room else 0
    return tuple(replace(record, index=i) for i, record in enumerate(found, 1))


def _inside(layer: Layer, path: str, outer: Mapping[Layer, str], room: int, anatomy: bool) -> Iterator[LayerRecord]:
    """The layers in its bodies and in theirs, at most so many; outer: the names of layers around."""
    for label, body in layer.bodies.items():
        names = dict(outer)
        for inner in body.layers:
            if room <= 0:
                return
            room -= 1
            names[inner] = f"{path}/{label}/{inner.path}"
            record = _record(0, inner, Walk(), anatomy)
            reads = tuple(names.get(x, x.name) for x in inner.previous)
            yield replace(record, name=names[inner], path=names[inner], reads=reads, inside=True)
            for deeper in _inside(inner, names[inner], names, room, anatomy) if inner.bodies else ():
                room -= 1
                yield deeper


def declared(part: Graph, whole: Graph) -> Graph:
    """A part whose inputs declare what the whole knows of them: dtypes and sizes, as far as its operators' rules tell."""
    unsaid = [value for value in part.inputs if (value.shape is None or value.dtype is None) and not value.kind]
    known = {value.name: spec for value, spec in walk(whole).specs.items() if isinstance(value, Value)} if unsaid else {}
    for value in unsaid:
        spec = known.get(value.name, Spec())
        value.dtype, value.shape = value.dtype or spec.dtype, spec.dims if value.shape is None else value.shape
    return part


def _given(graph: Graph, name: str, shape: Sequence[int | str]) -> Spec:
    value = next((v for v in graph.inputs if v.name == name), None)
    if value is None:
        raise unknown("input", name, [v.name for v in graph.inputs])
    return Spec(value.dtype, tuple(shape))


def _record(index: int, layer: Layer, found: Walk, anatomy: bool) -> LayerRecord:
    specs = [(value, spec_of(value, found)) for value in layer.outputs if value is not None]
    operator = None if layer.is_input else find(layer.domain, layer.operator, layer.opset)
    return LayerRecord(
        index=index,
        name=layer.name,
        op=layer.operator,
        path=layer.path,
        inputs=tuple("" if x is None else x.name for x in layer.inputs),
        reads=tuple(x.name for x in layer.previous),
        outputs=tuple(OutputRecord(value.name, spec.dims, spec.dtype or value.kind or None) for value, spec in specs),
        parameters=sum(p.size for p in layer.parameters.values() if p.is_weight),
        domain=layer.domain,
        kind=operator.kind if operator else "",
        cost=NOTHING if layer.is_input else (found.costs or {}).get(layer, Cost()),
        anatomy=anatomy_of(about(layer, operator)) if anatomy else None,
    )

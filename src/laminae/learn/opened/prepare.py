"""A file that others wrote made ready to learn: constants that are weights are parameters, merged ones come apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.dtypes import dtype_name, is_float
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.graph import unique_name
from laminae.learn.opened.folded import turn_back
from laminae.learn.opened.roles import LEARNS, STATISTIC, Roles, constants, is_foreign
from laminae.learn.opened.ties import Apart, Tied, is_filling, separate


@dataclass(frozen=True)
class Prepared:
    """What was changed. apart: parameters that came apart. taken: layers that were constants, now parameters of these names.
    turned: parameters that are others turned, and those.
    """

    apart: tuple[Apart, ...] = ()
    taken: tuple[str, ...] = ()
    turned: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.apart or self.taken or self.turned)

    def __add__(self, other: Prepared) -> Prepared:
        return Prepared(self.apart + other.apart, self.taken + other.taken, self.turned + other.turned)


def prepare(graph: Graph, tied: Tied = None) -> Prepared:
    """Make a foreign graph ready to learn, in place: what it computes stays the same, to rounding."""
    if not is_foreign(graph):
        return Prepared()
    taken = _take_constants(graph)
    names = {} if tied is True else _take_identities(graph)
    out = constants(graph)
    boxes = [p for _, inner in graph.graphs() for p in inner.parameters.values() if p.is_weight]
    weights = [p for p in boxes if out.get(p, LEARNS) in (LEARNS, STATISTIC)]
    turned = [] if tied is False else turn_back(graph, weights)
    return Prepared(tuple(separate(graph, weights, tied, names)), tuple(taken), tuple(turned))


def _take_constants(graph: Graph) -> list[str]:
    """Of a file that has its weights among its Constant layers these become parameters, under the names of their values.

    It has them there where none of its initializers is the weight of a product: other exporters use such layers for what stays.
    """
    roles = Roles(graph)
    weights = [p for p in graph.parameters.values() if is_float(p.dtype) and roles.is_of_product(p)]
    found: dict[Value, Parameter] = {}
    for inner in () if weights else graph.bodies():
        for layer in [x for x in inner.layers if x.operator == "Constant" and not x.domain]:
            box, out = _box(layer, inner), layer.outputs[0]
            if box is not None and out is not None and out not in inner.outputs and _learns(roles, box, out):
                found[out] = inner.add_parameter(box)
                inner.layers.remove(layer)
    put_in_place(graph, found)
    return [box.name for box in found.values()]


def _take_identities(graph: Graph) -> dict[tuple[Layer, int], str]:
    """Layers by which an exporter gave a merged parameter its other names go: those names, by who reads them."""
    found: dict[Value, Parameter] = {}
    names: dict[tuple[Layer, int], str] = {}
    for inner in graph.bodies():
        for layer in [x for x in inner.layers if x.operator == "Identity" and not x.domain]:
            box, out = layer.inputs[0], layer.outputs[0]
            if not isinstance(box, Parameter) or not is_float(box.dtype) or out is None or out in inner.outputs:
                continue
            if is_filling(box):
                found[out] = box
                inner.layers.remove(layer)
    for inner in graph.bodies() if found else ():
        for layer in inner.layers:
            names |= {(layer, i): x.name for i, x in enumerate(layer.inputs) if isinstance(x, Value) and x in found}
    put_in_place(graph, found)
    return names


def put_in_place(graph: Graph, found: Mapping[Value, Parameter]) -> None:
    """Parameters in the place of values, whoever reads them."""
    for _, inner in graph.graphs() if found else ():
        for layer in inner.layers:
            layer.inputs = tuple(found.get(x, x) if isinstance(x, Value) else x for x in layer.inputs)
        inner.changed()


def _box(layer: Layer, graph: Graph) -> Parameter | None:
    value: Any = layer.attributes.get("value")
    out = layer.outputs[0]
    if out is None or not isinstance(value, np.ndarray) or value.size < 2 or not is_float(dtype_name(value)):
        return None
    return Parameter(unique_name(out.name, graph.parameters), value)


def _learns(roles: Roles, box: Parameter, value: Value) -> bool:
    """Whether it would learn as a parameter."""
    roles.reads[box] = roles.reads.get(value, [])
    return not roles.why_not(box)

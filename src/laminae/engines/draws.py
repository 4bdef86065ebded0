"""Which layers draw random numbers."""

from __future__ import annotations

from collections.abc import Mapping

from laminae.graph import Layer
from laminae.ops.registry import Operator


def draws(layer: Layer, operators: Mapping[Layer, Operator]) -> bool:
    """Whether a layer may draw random numbers, itself or in a body."""
    operator = operators.get(layer)
    if operator is not None and operator.random:
        return True
    inner = [graph for body in layer.bodies.values() for _, graph in body.graphs()]
    return any(operators[x].random for graph in inner for x in graph.layers if x in operators)

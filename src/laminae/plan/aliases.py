"""Which values may share memory with a parameter or with the caller's input: these are copied before anyone keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from laminae.graph import Graph, Layer, Parameter, Value
from laminae.ops.registry import Operator


@dataclass
class Taints:
    """parameters: values that may be a parameter's own memory (or a constant attribute's); inputs: or the caller's array."""

    parameters: set[Value | Parameter] = field(default_factory=set)
    inputs: set[Value | Parameter] = field(default_factory=set)


def tainted(graph: Graph, operators: dict[Layer, Operator], *, strangers: bool = False) -> Taints:
    """Follow views through the graph. strangers: what comes in may itself be a parameter's memory (bodies)."""
    found = Taints(inputs=set(graph.inputs))
    if strangers:
        found.parameters.update(graph.inputs)
        found.parameters.update(graph.free())
    for layer in graph.layers:
        outputs = [v for v in layer.outputs if v is not None]
        constant = any(isinstance(v, np.ndarray) for v in layer.attributes.values()) or bool(layer.bodies)
        shared = _may_share(layer, operators)
        if shared is None or layer.is_input:
            continue
        if constant or any(isinstance(x, Parameter) or x in found.parameters for x in shared):
            found.parameters.update(outputs)
        if any(x in found.inputs for x in shared):
            found.inputs.update(outputs)
    return found


def _may_share(layer: Layer, operators: dict[Layer, Operator]) -> tuple[Value | Parameter, ...] | None:
    """What its outputs may share memory with; None where they are always new."""
    operator = operators.get(layer)
    if operator is None or operator.aliases == "any":
        return layer.reads
    return tuple(x for x in layer.inputs[:1] if x is not None) if operator.aliases else None

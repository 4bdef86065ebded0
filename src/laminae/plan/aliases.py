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
        if layer.is_input or not _may_alias(layer, operators):
            continue
        outputs = [v for v in layer.outputs if v is not None]
        reads = layer.reads
        constant = any(isinstance(v, np.ndarray) for v in layer.attributes.values()) or bool(layer.bodies)
        if constant or any(isinstance(x, Parameter) or x in found.parameters for x in reads):
            found.parameters.update(outputs)
        if any(x in found.inputs for x in reads):
            found.inputs.update(outputs)
    return found


def _may_alias(layer: Layer, operators: dict[Layer, Operator]) -> bool:
    operator = operators.get(layer)
    return operator is None or operator.aliases

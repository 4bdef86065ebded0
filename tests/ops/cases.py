"""Every layer of every official case with the values it read and made, straight from the case suite."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx.backend.test.loader import load_model_tests

import laminae as lm
from laminae.base.arrays import as_value
from laminae.graph import Graph, Layer, Parameter
from laminae.ops.registry import Operator, find


@dataclass(frozen=True)
class Turn:
    """One layer as a case ran it. inputs: tensors, None where left out; attributes as the operator takes them."""

    case: str
    layer: Layer
    operator: Operator
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]

    def attributes(self, **more: Any) -> dict[str, Any]:
        found = {k: as_value(v) if isinstance(v, np.ndarray) else v for k, v in self.layer.attributes.items()}
        if "n_outputs" in self.operator.asks:
            found["n_outputs"] = len(self.layer.outputs)
        return {**found, **more}

    def run(self) -> tuple[Any, ...]:
        made = self.operator.run(*self.inputs, **self.attributes())
        return made if isinstance(made, tuple) else (made,)


@functools.cache
def turns() -> tuple[Turn, ...]:
    """All layers without bodies of all node cases that Laminae runs."""
    return tuple(turn for case in load_model_tests(kind="node") for turn in _of(case))


def _of(case: Any) -> Iterator[Turn]:
    arrays = [onnx.numpy_helper.to_array(x) if isinstance(x, onnx.TensorProto) else x for x in case.data_sets[0][0]]
    try:
        model = lm.open(case.model)
        trace = model.run(*arrays)
    except (lm.LaminaeError, AttributeError):  # the conformance test says which cases must run
        return
    yield from _turns(case.name, model.graph, trace)


def _turns(name: str, graph: Graph, trace: Any) -> Iterator[Turn]:
    for layer in graph.layers:
        operator = None if layer.is_input else find(layer.domain, layer.operator, layer.opset)
        if operator is None or "context" in operator.asks or layer.function is not None:
            continue
        inputs = tuple(
            None if x is None else x.tensor() if isinstance(x, Parameter) else trace.values[x.name] for x in layer.inputs
        )
        outputs = tuple(None if x is None else trace.values[x.name] for x in layer.outputs)
        yield Turn(name, layer, operator, inputs, outputs)

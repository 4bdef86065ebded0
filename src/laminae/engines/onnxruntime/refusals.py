"""What ONNX Runtime cannot, told before it is asked; and what it says of what it failed at, with the layer's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import onnx

from laminae.base.arrays import as_numpy
from laminae.base.errors import EngineError, LaminaeError, LayerError, PatchError, ShapeError
from laminae.engines.draws import draws
from laminae.engines.onnxruntime.stages import Stage
from laminae.graph import Graph, Layer, Parameter
from laminae.graph.layer import WRITES
from laminae.ops.registry import Operator
from laminae.plan.changes import Changes

WAY_OUT = {"the way out": "engine='torch'"}

NAMED = (
    r"Node, \(\"([^\"]+)\"",
    r"in node \((.+?)\) is",
    r"Node \((.+?)\) Op",
    r"node with name '([^']*)'",
    r"\(node:'([^']*)'",
    r"Name:'([^']*)'",
)
"""How its messages name a node."""


def require_runnable(graph: Graph, operators: Mapping[Layer, Operator]) -> None:
    """Raises EngineError naming the layers that are written in Python, or that write to a parameter."""
    foreign = [layer for layer in layers_of(graph) if layer in operators and operators[layer].foreign]
    if foreign:
        raise EngineError(f"engine 'onnxruntime' cannot run {_named(foreign)}", {"because": "it is Python code"} | WAY_OUT)
    writing = [layer for layer in graph.layers if WRITES in layer.metadata]
    if writing:
        raise EngineError(
            f"engine 'onnxruntime' cannot run {_named(writing)}",
            {"because": "the forward pass writes to a buffer there"} | WAY_OUT,
        )


def require_patchable(changes: Changes, graph: Graph) -> None:
    """Raises EngineError for changes inside bodies, which ONNX Runtime runs out of sight."""
    if changes.inside is not None:
        raise EngineError(
            "engine 'onnxruntime' cannot patch a layer inside a body", {"because": "it runs bodies itself"} | WAY_OUT
        )
    own = set(graph.parameters.values())
    for parameter in changes.parameters:
        if parameter not in own:
            raise EngineError(
                f"engine 'onnxruntime' cannot patch parameter {parameter.name!r}", {"because": "it lies in a body"} | WAY_OUT
            )


def require_repeatable(layers: Iterable[Layer], operators: Mapping[Layer, Operator]) -> None:
    """Raises PatchError for layers that would draw other random numbers than in the run that is gone on from."""
    drawing = [layer for layer in layers if draws(layer, operators) and not _idle(layer)]
    if drawing:
        raise PatchError(
            f"{_named(drawing)} would draw other random numbers than before",
            {"because": "ONNX Runtime has a generator of its own"} | WAY_OUT,
        )


def _idle(layer: Layer) -> bool:
    """Whether it is a Dropout that nobody told to train."""
    if layer.operator != "Dropout" or layer.domain or layer.opset < 12:
        return False
    training = layer.inputs[2] if len(layer.inputs) > 2 else None
    return training is None or (isinstance(training, Parameter) and not as_numpy(training.array).any())


def refused(error: Exception, stage: Stage) -> LaminaeError:
    """A stage of which ONNX Runtime makes no session: which layer it does not know, or takes for wrong."""
    if isinstance(error, LaminaeError):
        return error
    text, layer = str(error), _layer(str(error), stage)
    if layer is None:
        return EngineError("ONNX Runtime cannot take the model", {"because": _reason(text)} | WAY_OUT)
    return EngineError(
        f"ONNX Runtime cannot run layer {layer.name!r}", {"operator": layer.describe(), "because": _reason(text)} | WAY_OUT
    )


def failed(error: Exception, stage: Stage) -> LaminaeError:
    """A stage that failed while it ran."""
    if isinstance(error, LaminaeError):
        return error
    text, layer = str(error), _layer(str(error), stage)
    kind = ShapeError if re.search(r"[Dd]imension|[Ss]hape", text) else LayerError
    details = {"because": _reason(text), "see more": "with engine='torch' the error tells the shapes, and whose they are"}
    if layer is None:
        return kind("ONNX Runtime failed", details)
    return kind(f"layer {layer.name!r} failed in ONNX Runtime", {"operator": layer.describe()} | details)


def layers_of(graph: Graph) -> Iterator[Layer]:
    """Those of its bodies too."""
    for _, inner in graph.graphs():
        yield from inner.layers


def _layer(text: str, stage: Stage) -> Layer | None:
    """The layer that a message means: by its name, or, where a fused node has one made of several, the longest that begins it."""
    names = [found[1] for pattern in NAMED for found in [re.search(pattern, text)] if found]
    layers = {x.name: x for layer in stage.layers for x in (layer, *layers_inside(layer))}
    for name in names:
        if name in layers:
            return layers[name]
    if "" in names:  # a node of what ONNX Runtime put in place of an operator: whose, it does not tell
        wholes = [x for x in stage.layers if len(stage.layers) == 1 or _is_function(x)]
        return wholes[0] if len({x.operator for x in wholes}) == 1 else None
    begun = [layer for name in names for layer in layers.values() if layer.name and name.startswith(layer.name)]
    if begun:
        return max(begun, key=lambda layer: len(layer.name))
    if len(stage.layers) == 1:
        return stage.layers[0]
    return next((x for x in layers.values() if re.search(rf"\b{re.escape(x.operator)}\b", text)), None)


def _is_function(layer: Layer) -> bool:
    """Whether the standard says how an operator is made of others."""
    try:
        schema: Any = onnx.defs.get_schema(layer.operator, layer.opset, layer.domain)
    except onnx.defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


def layers_inside(layer: Layer) -> Iterator[Layer]:
    """Those of a layer's bodies."""
    for body in layer.bodies.values():
        yield from layers_of(body)


def _reason(text: str) -> str:
    """The message without codes and places in source files."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text.strip())
    text = re.sub(r"(?:Exception during initialization: )?/onnxruntime_src/\S+ [^\n]*?(?:was false\.|\) )", "", text)
    return " ".join(text.split())[:300] or "it does not say why"


def _named(layers: list[Any]) -> str:
    shown = ", ".join(f"{layer.name!r} ({layer.describe()})" for layer in layers[:3])
    return f"layer{'s' * (len(layers) > 1)} {shown}" + (f" and {len(layers) - 3} more" if len(layers) > 3 else "")

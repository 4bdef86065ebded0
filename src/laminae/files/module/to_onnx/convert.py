"""Torch vocabulary → onnx vocabulary: each layer by torch.onnx's own translation, over the same parameters.

Parameters go through the export as arguments: nothing folds, merges or copies them, and each comes back under its name.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from laminae.base import torch
from laminae.base.errors import MissingPackageError
from laminae.files.module.to_onnx.example import example_of
from laminae.files.module.to_onnx.finish import finished
from laminae.files.module.to_onnx.refusals import refused
from laminae.files.module.to_onnx.steps import Steps
from laminae.files.onnx_reader import read
from laminae.graph.graph import Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value
from laminae.ops.registry import find

LEAST_OPSET = 20
"""Of the files that are made; newer where a layer of the onnx vocabulary needs it."""

LOGGERS = ("torch.onnx", "torch.export", "torch._dynamo", "torch.fx", "torch._subclasses", "onnxscript", "onnx_ir")
"""Those who tell what is then raised, or what nobody asked."""


def to_onnx(graph: Graph, examples: Sequence[Any] | None = None) -> Graph:
    """The same model in the onnx vocabulary: inputs, outputs, parameters, layers and groups under their names.

    examples: arrays the inputs can be, in order; without them sizes that vary are tried at one that is made up. A layer of
    the torch vocabulary that needs several operators is several layers, `name` and `name/…`. Raises ExportError naming
    the layers that ONNX cannot express, MissingPackageError without onnxscript.
    """
    _require_onnxscript()
    opset = _opset(graph)
    layers = needed(graph)
    arguments: list[Value | Parameter] = [*graph.inputs, *_parameters(graph, layers)]
    steps = Steps(layers, arguments, graph.outputs, opset).eval()
    given, dynamic = example_of(graph.inputs, examples)
    given += [_stand_in(x) for x in arguments if isinstance(x, Parameter)]
    with _quiet():
        model = _translated(steps, given, dynamic, opset)
        made = read(model)
    made.opsets.setdefault("", opset)
    return finished(made, graph, arguments, steps.owners())


def _require_onnxscript() -> None:
    try:
        import onnxscript  # noqa: F401
    except ImportError:
        raise MissingPackageError(
            "a model of PyTorch operators becomes an .onnx file by onnxscript", {"install": "pip install 'laminae[export]'"}
        ) from None


def _translated(steps: Steps, given: list[Any], dynamic: list[Any], opset: int) -> Any:
    """A ModelProto whose inputs are the arguments of the steps."""
    from onnxscript import optimizer

    shapes = (*dynamic, *[None] * (len(given) - len(dynamic)))
    program = None
    try:
        with torch.no_grad():
            program = torch.export.export(steps, tuple(given), dynamic_shapes={"given": shapes}, strict=False)
            exported: Any = torch.onnx.export(program, (), dynamo=True, optimize=False, verbose=False, opset_version=opset)
    except Exception as error:
        raise refused(error, steps, program, opset) from None
    optimizer.inline(exported.model)
    optimizer.fold_constants(exported.model, should_fold=lambda node: False if node.op_type == "Dropout" else None)
    return exported.model_proto


def _opset(graph: Graph) -> int:
    """The least opset in which every layer of the onnx vocabulary is what it is."""
    placed = [layer for layer in graph.layers if not layer.domain]
    newest = max([LEAST_OPSET, *(layer.opset for layer in placed)])
    return next(
        version
        for version in range(LEAST_OPSET, newest + 1)
        if version == newest or all(find("", x.operator, version) is find("", x.operator, x.opset) for x in placed)
    )


def needed(graph: Graph) -> list[Layer]:
    """The layers that the outputs need: one that only writes a buffer has no place in a file."""
    wanted: set[Any] = set(graph.outputs)
    found = []
    for layer in reversed(graph.layers):
        if not layer.is_input and any(value in wanted for value in layer.outputs):
            wanted.update(layer.reads)
            found.append(layer)
    return found[::-1]


def _parameters(graph: Graph, layers: Sequence[Layer]) -> list[Parameter]:
    """What the layers read, each once, in the graph's own order."""
    read: dict[Parameter, None] = {}
    for layer in layers:
        read.update((x, None) for x in layer.reads if isinstance(x, Parameter))
        read.update((x, None) for x in layer.parameters.values())
    read.update((x, None) for x in graph.outputs if isinstance(x, Parameter))
    return [x for x in graph.parameters.values() if x in read] + [x for x in read if graph.parameters.get(x.name) is not x]


def _stand_in(parameter: Parameter) -> Any:
    """A tensor for a parameter on the CPU, where all is traced; its values do not matter."""
    tensor = parameter.tensor().detach()
    return tensor if tensor.device.type == "cpu" else torch.empty(tensor.shape, dtype=tensor.dtype)


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

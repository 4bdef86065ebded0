"""What torch.onnx cannot express: which layers, which operators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from laminae.base import torch
from laminae.base.errors import ExportError, LaminaeError
from laminae.graph.layer import Layer

MOST = 8
"""Layers that a message names."""


def refused(error: Exception, steps: Any, program: Any, opset: int) -> Exception:
    """The error to raise: the layers without a translation by name, or what else went wrong, short."""
    if isinstance(error, LaminaeError):
        return error
    owners = steps.owners()
    if program is None:
        return ExportError("the model cannot be traced for ONNX", {"because": _reason(error)})
    found, reason = _untranslated(program, owners, opset), f"torch.onnx {torch.__version__} has no translation of it"
    if not found:
        found, reason = _named(error, owners), _reason(error)
    if not found:
        return ExportError("the model cannot be written as ONNX", {"because": _reason(error)})
    layers = [f"{layer.name!r} ({operator})" for layer, operator in found]
    more = f" and {len(layers) - MOST} more" if len(layers) > MOST else ""
    return ExportError(
        "ONNX cannot express " + ("a layer" if len(layers) == 1 else f"{len(layers)} layers") + " of the model",
        {
            "layer" if len(layers) == 1 else "layers": ", ".join(layers[:MOST]) + more,
            "because": reason,
            "the way out": "replace the layer, save a part of the model, or keep it as a PyTorch module (model.to_torch())",
        },
    )


def _untranslated(program: Any, owners: dict[str, Layer], opset: int) -> list[tuple[Layer, str]]:
    """All layers whose operators torch.onnx has no translation for; none where this torch does not tell."""
    try:
        from torch.onnx._internal.exporter import _core, _dispatching, _registration

        registry = _registration.ONNXRegistry.from_torchlib(opset_version=opset)
        prepared = _core._prepare_exported_program_for_export(program, registry=registry)
        missing = [
            node
            for module in prepared.graph_module.modules()
            for node in module.graph.nodes
            if isinstance(node.target, torch._ops.OpOverload) and _dispatching.dispatch(node, registry)[0] is None
        ]
    except Exception:
        return []
    found = {}
    for node in missing:
        for layer in _layers_of(node, owners):
            found[layer] = str(node.target)
    return list(found.items())


def _layers_of(node: Any, owners: dict[str, Layer]) -> Iterator[Layer]:
    """The layer that a node of the export belongs to."""
    paths = [path.replace(".", "/") for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
    yield from [owners[path] for path in reversed(paths) if path in owners][:1]


def _named(error: BaseException, owners: dict[str, Layer]) -> list[tuple[Layer, str]]:
    """The layers of the operator that the error names."""
    text = ""
    cause: BaseException | None = error
    while cause is not None:
        text, cause = text + str(cause), cause.__cause__
    found = re.search(r"target=torch\.ops\.(\w+)\.(\w+)\.(\w+)\]", text)
    if found is None:
        return []
    return [(x, f"{found[1]}.{found[2]}") for x in owners.values() if x.operator.partition(".")[0] == found[2].removesuffix("_")]


def _reason(error: BaseException) -> str:
    """The innermost cause in a line."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"[:240]

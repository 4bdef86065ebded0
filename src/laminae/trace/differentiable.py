"""What a pass that a backward pass is to follow begins with: weights and inputs that want derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.ops.registry import Operator
from laminae.plan.changes import Change, Changes


def differentiable(
    graph: Graph,
    operators: Mapping[Layer, Operator],
    inputs: Sequence[Any],
    changes: Changes,
    device: Any,
    *,
    of_inputs: bool = True,
) -> tuple[list[Any], Changes]:
    """The inputs, where asked as leaves that want derivatives, and changes that put such leaves in place of the weights.

    Inputs that want derivatives may have torch take other kernels than the module alone would, with other last bits. A leaf
    is of the weight's own memory. An nn.Parameter stands for itself: one that is frozen stays so, one that learns gets its
    `grad` as ever. Layers that may hand on what they were given make values of their own, where others read that too.
    """
    changed = dict(changes.parameters)
    for parameter in parameters_of(graph):
        if parameter not in changed and wants_leaf(parameter):
            changed[parameter] = parameter.tensor().detach().to(device).requires_grad_()
    layers = {layer: _wanting(change) for layer, change in changes.layers.items()}
    for layer in hands_on(graph, operators):
        layers[layer] = _apart(layers.get(layer))
    return [_leaf(x) if of_inputs else x for x in inputs], replace(changes, parameters=changed, layers=layers)


def parameters_of(graph: Graph) -> dict[Parameter, None]:
    """Every one, those in bodies included."""
    return {p: None for _, inner in graph.graphs() for p in inner.parameters.values()}


def wants_leaf(parameter: Parameter) -> bool:
    """Whether a weight must be given one that wants derivatives: it is no nn.Parameter, and does not want them itself."""
    if not parameter.is_weight:
        return False
    tensor = parameter.tensor()
    return (
        is_tensor(tensor)
        and tensor.is_floating_point()
        and not isinstance(tensor, torch.nn.Parameter)
        and not tensor.requires_grad
    )


def hands_on(graph: Graph, operators: Mapping[Layer, Operator]) -> list[Layer]:
    """The layers whose output may be the very tensor that they read, while others read it too: one tensor has one derivative."""
    outputs = set(graph.outputs)
    found = []
    for layer in graph.layers:
        operator = operators.get(layer)
        if operator is None or not operator.aliases or layer.bodies:
            continue
        values = [x for x in layer.inputs if isinstance(x, Value)]
        if any(len(graph.readers(x)) > 1 or x in outputs for x in values):
            found.append(layer)
    return found


def _wanting(change: Change) -> Change:
    """What is put in place wants derivatives too: then it has a delta, whatever led to what stood there."""

    def wanting(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(x if is_tensor(x) and x.requires_grad else _leaf(x) for x in change(values))

    wanting.patches = getattr(change, "patches", ())  # type: ignore[attr-defined]
    return wanting


def _apart(change: Change | None) -> Change:
    def apart(values: tuple[Any, ...]) -> tuple[Any, ...]:
        made = values if change is None else change(values)
        return tuple(x.view_as(x) if is_tensor(x) and x.requires_grad else x for x in made)

    apart.patches = getattr(change, "patches", ())  # type: ignore[attr-defined]
    return apart


def _leaf(x: Any) -> Any:
    """Of sequences each part."""
    if isinstance(x, list):
        return [_leaf(part) for part in x]
    if is_tensor(x) and (x.is_floating_point() or x.is_complex()):
        return x.detach().requires_grad_()
    return x

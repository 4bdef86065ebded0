"""Which parameters of a model are weights: what a loss may move."""

from __future__ import annotations

from typing import Any

from laminae.base import torch
from laminae.files.weights import weights_of
from laminae.graph import Graph, Parameter

STATISTICS = {"BatchNormalization": (3, 4)}
"""Inputs of operators of the main domain that are counted over batches, not learned: the running mean and variance."""


def learnable(graph: Graph) -> dict[str, Parameter]:
    """By name, each once, those in bodies by path: floats, but no constants and no running statistics."""
    counted = _statistics(graph)
    found: dict[Parameter, str] = {}
    for name, parameter in weights_of(graph).items():
        if parameter.is_weight and parameter not in counted:
            found.setdefault(parameter, name)
    return {name: parameter for parameter, name in found.items()}


def _statistics(graph: Graph) -> set[Parameter]:
    places = [
        (layer, place)
        for _, inner in graph.graphs()
        for layer in inner.layers
        if not layer.domain
        for place in STATISTICS.get(layer.operator, ())
    ]
    read = (layer.inputs[place] for layer, place in places if len(layer.inputs) > place)
    return {parameter for parameter in read if isinstance(parameter, Parameter)}


def want_none(tensors: list[Any]) -> None:
    """Leaves that wanted derivatives want none any more; the list is empty then."""
    for tensor in tensors:
        tensor.requires_grad_(False)
        tensor.grad = None
    tensors.clear()


def learning(box: Parameter) -> Any:
    """The tensor of a weight that can learn; None for one that its module has frozen, or that torch cannot differentiate."""
    tensor = box.tensor()
    if not torch.is_tensor(tensor) or not tensor.is_floating_point() or not tensor.is_leaf:
        return None
    if isinstance(tensor, torch.nn.Parameter) and not tensor.requires_grad:
        return None
    return tensor

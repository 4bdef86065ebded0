"""Which parameters of a model are weights: what a loss may move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.dtypes import is_float
from laminae.files.weights import weights_of
from laminae.graph import Graph, Parameter
from laminae.graph.select import matches, unknown
from laminae.learn.opened.roles import constants

STATISTICS = {"BatchNormalization": (3, 4)}
"""Inputs of operators of the main domain that are counted over batches, not learned: the running mean and variance."""


def learnable(graph: Graph, learn: Sequence[str] | str = ()) -> dict[str, Parameter]:
    """By name, each once, those in bodies by path: floats, but no constants and no running statistics.

    Of a file that others wrote `learn/opened` tells constants from weights. learn: globs of such as learn all the same.
    """
    boxes, counted, left_out = weights_of(graph), statistics(graph), constants(graph)
    asked = meant(graph, boxes, learn) if learn else frozenset()
    found: dict[Parameter, str] = {}
    for name, parameter in boxes.items():
        wanted = parameter.is_weight and parameter not in left_out
        if (wanted or (parameter in asked and is_float(parameter.dtype))) and parameter not in counted:
            found.setdefault(parameter, name)
    return {name: parameter for parameter, name in found.items()}


def meant(graph: Graph, weights: Mapping[str, Parameter], globs: Sequence[str] | str) -> frozenset[Parameter]:
    """The weights that names, groups or globs mean: their own, or those of layers. Raises UnknownNameError for one that means
    none.
    """
    chosen: set[Parameter] = set()
    for glob in (globs,) if isinstance(globs, str) else globs:
        own = {p for name, p in weights.items() if matches(glob, name=name, path=name.replace(".", "/"), operator="")}
        for prefix, inner in graph.graphs():
            for layer in inner.layers:
                path = prefix + layer.path
                if matches(glob, name=prefix + layer.name, path=path, operator=layer.operator) or path.startswith(
                    glob.strip("/") + "/"
                ):
                    own |= set(layer.parameters.values())
        if not own:
            raise unknown("weight or layer", glob, [*weights, *graph.index.by_name])
        chosen |= own
    return frozenset(chosen)


def statistics(graph: Graph) -> set[Parameter]:
    """The running means and variances of BatchNormalization."""
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

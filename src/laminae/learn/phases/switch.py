"""A graph of the onnx vocabulary in one phase or the other: another graph, over the same parameters."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from laminae.base.errors import FileError
from laminae.graph import Graph, Layer
from laminae.graph.flat import flatten, restore
from laminae.graph.layer import WRITES
from laminae.learn.phases import batch_norm, dropout

FORMS: dict[str, ModuleType] = {"BatchNormalization": batch_norm, "Dropout": dropout}
"""Operators of the main domain that do otherwise in training, and what knows how."""


def is_training(graph: Graph) -> bool:
    """Whether a layer that has both phases is in the one of training."""
    return any(form.is_training(layer, inner) for inner, layer, form in _with_phases(graph))


def has_phases(graph: Graph) -> bool:
    """Whether any layer does otherwise in training."""
    return next(_with_phases(graph), None) is not None


def in_phase(graph: Graph, mode: bool) -> Graph:
    """The graph in the training phase (True) or the evaluation phase: the very same where nothing in it does otherwise.

    From one phase to the other and back gives an equal graph. Layers inside functions stay as they are: a function is shared by
    its calls. Raises EditError naming a layer that has no other phase.
    """
    if all(form.is_in(mode, layer, inner) for inner, layer, form in _with_phases(graph)):
        return graph
    made = restore(flatten(graph))
    for inner, layer, form in list(_with_phases(made)):
        (form.to_training if mode else form.to_evaluation)(layer, inner)
    return made


def without_writers(graph: Graph) -> Graph:
    """The graph to save: layers that are there to write a parameter have no place in a file.

    Raises FileError where its operator set cannot say what a layer does in training.
    """
    old = [x for _, inner in graph.graphs() for x in inner.layers if x.operator == "Dropout" and _is_newer(x, inner)]
    if old:
        raise FileError(
            f"layer {old[0].name!r} drops, which ONNX cannot say in opset {graph.opsets.get('')}",
            {"expected": f"opset {dropout.DROPS_FROM} or newer, or until 6", "the way out": "model.eval(), then save"},
        )
    if not any(WRITES in layer.metadata for _, inner in graph.graphs() for layer in inner.layers):
        return graph
    made = restore(flatten(graph))
    for _, inner in made.graphs():
        inner.layers = [layer for layer in inner.layers if WRITES not in layer.metadata]
        inner.changed()
    return made


def _is_newer(layer: Layer, graph: Graph) -> bool:
    return not layer.domain and layer.opset > graph.opsets.get("", layer.opset)


def _with_phases(graph: Graph) -> Iterator[tuple[Graph, Layer, ModuleType]]:
    for inner in graph.bodies():
        for layer in inner.layers:
            form = None if layer.domain else FORMS.get(layer.operator)
            if form is not None and form.has_phases(layer, inner):
                yield inner, layer, form

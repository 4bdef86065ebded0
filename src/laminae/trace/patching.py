"""Patches brought to a graph: which layers and parameters they mean, and what they put in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from laminae.base.errors import LaminaeError, PatchError
from laminae.graph import Graph, Layer, Parameter
from laminae.graph.select import is_glob, many, matches, together, unknown
from laminae.plan.changes import NO_CHANGES, Change, Changes
from laminae.trace.patch import Patch

Target = tuple[Layer, int]


def changes_of(graph: Graph, patches: Sequence[Patch]) -> Changes:
    """What these patches, in their order, change in a run of a graph. Raises UnknownNameError for one that means nothing."""
    if not patches:
        return NO_CHANGES
    layers: dict[Layer, list[tuple[int, Patch]]] = {}
    parameters: dict[Parameter, Any] = {}
    inside: list[Patch] = []
    for patch in patches:
        parameter = _parameter(graph, patch.layer)
        targets = [] if parameter is not None else _targets(graph, patch)
        if parameter is not None:
            before = parameters.get(parameter, parameter.tensor())
            parameters[parameter] = _parameter_value(patch, parameter, before)
        elif targets:
            for layer, output in targets:
                layers.setdefault(layer, []).append((output, patch))
        else:
            _require_inside(graph, patch)
            inside.append(patch)
    made = {layer: _change(layer, several) for layer, several in layers.items()}
    return Changes(made, _inside(graph, inside) if inside else None, parameters)


def around(graph: Graph, patches: Iterable[Patch]) -> set[Layer]:
    """The layers of the outermost graph whose bodies these patches reach into."""
    found = set()
    for patch in patches:
        if _parameter(graph, patch.layer) is None and not _targets(graph, patch):
            found |= {layer for layer in graph.layers if layer.bodies and _reaches(layer, patch)}
    return found


def _reaches(layer: Layer, patch: Patch) -> bool:
    bodies = (inside for label, body in layer.bodies.items() for inside in _graphs(f"{layer.path}/{label}/", body))
    return any(_matches(patch, prefix + x.path, x) for prefix, inner in bodies for x in inner.layers)


def _graphs(prefix: str, body: Graph) -> list[tuple[str, Graph]]:
    return [(prefix + path, inner) for path, inner in body.graphs()]


def _parameter(graph: Graph, name: str) -> Parameter | None:
    index = graph.index
    if name in index.by_name or name in index.by_path:
        return None
    return next((inner.parameters[name] for _, inner in graph.graphs() if name in inner.parameters), None)


def _targets(graph: Graph, patch: Patch) -> list[Target]:
    """The layers of the outermost graph that a patch means, with the output of each that it changes."""
    name, index = patch.layer, graph.index
    if name in index.by_name or name.strip("/") in index.by_path:
        return [(together(graph, name)[0], patch.output)]
    if is_glob(name) or name.startswith("op:"):
        try:
            return [(layer, patch.output) for layer in many(graph, [name])]
        except LaminaeError:
            return []
    group = [x for x in graph.layers if x.group == name.strip("/") or x.group.startswith(name.strip("/") + "/")]
    if group:
        return [(group[-1], patch.output)]
    return [
        (layer, i) for layer in graph.layers for i, value in enumerate(layer.outputs) if value is not None and value.name == name
    ]


def _require_inside(graph: Graph, patch: Patch) -> None:
    names = [prefix + x.path for prefix, inner in graph.graphs() for x in inner.layers]
    if not any(_matches(patch, name, None) for name in names):
        raise unknown("layer", patch.layer, [*graph.index.by_name, *graph.parameters])


def _matches(patch: Patch, name: str, layer: Layer | None) -> bool:
    """Whether a patch means a turn of that name, or may mean a turn of the layer of that path."""
    bare = patch.layer.rsplit("#", 1)[0]
    return any(matches(text, name=name, path=name, operator=layer.operator if layer else "") for text in (patch.layer, bare))


def _inside(graph: Graph, patches: Sequence[Patch]) -> Any:
    layers = {prefix + x.path: x for prefix, inner in graph.graphs() for x in inner.layers if prefix}

    def change(name: str) -> Change | None:
        layer = layers.get(name.rsplit("#", 1)[0]) or layers.get(name)
        if layer is None:
            return None
        meant = [(p.output, p) for p in patches if matches(p.layer, name=name, path=name, operator=layer.operator)]
        return _change(layer, meant) if meant else None

    return change


def _change(layer: Layer, patches: Sequence[tuple[int, Patch]]) -> Change:
    def change(values: tuple[Any, ...]) -> tuple[Any, ...]:
        made = list(values)
        for output, patch in patches:
            if not -len(made) <= output < len(made):
                raise PatchError(f"layer {layer.name!r} has no output {output}", _operator(layer) | {"outputs": str(len(made))})
            made[output] = _applied(patch, layer, made[output])
        return tuple(made)

    change.patches = tuple(patch for _, patch in patches)  # type: ignore[attr-defined]
    return change


def _applied(patch: Patch, layer: Layer, value: Any) -> Any:
    try:
        return patch.apply(value, heads_of(layer, value, patch.of))
    except PatchError as error:
        raise PatchError(f"layer {layer.name!r}: {error.message}", _operator(layer) | error.details) from error.__cause__


def _operator(layer: Layer) -> dict[str, Any]:
    return {"operator": layer.describe()}


def _parameter_value(patch: Patch, parameter: Parameter, value: Any) -> Any:
    made = patch.apply(value.detach())
    if tuple(made.shape) != parameter.shape or made.dtype != value.dtype:
        raise PatchError(
            f"parameter {parameter.name!r} has another shape or dtype",
            {"expected": f"{list(parameter.shape)} {value.dtype}", "found": f"{list(made.shape)} {made.dtype}"},
        )
    return made


HEADS = ("num_heads", "q_num_heads")
"""Attributes by which attention operators say how many heads their last axis holds."""


def heads_of(layer: Layer, value: Any, of: int | None) -> tuple[int, int] | None:
    """The axis of an attention's output that holds its heads, and how many there are; None where nothing says so.

    of: how many a user says there are, in the last axis.
    """
    rank = getattr(value, "ndim", 0)
    if layer.operator.startswith("scaled_dot_product_attention") and rank >= 3:
        return rank - 3, int(value.shape[-3])
    if layer.operator == "Attention" and rank == 4:
        return 1, int(value.shape[1])
    if of is not None:
        return -1, of
    known = next((int(layer.attributes[name]) for name in HEADS if name in layer.attributes), None)
    return None if known is None else (-1, known)

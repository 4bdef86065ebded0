"""Patches brought to a graph: which layers and parameters they mean, and what they put in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from laminae.base.errors import PatchError
from laminae.base.shapes import format_shape
from laminae.files.weights import weights_of
from laminae.graph import Graph, Layer, Parameter
from laminae.graph.inside import at_path, some_inside
from laminae.graph.select import is_glob, matches, one, under, unknown
from laminae.plan.changes import NO_CHANGES, Change, Changes
from laminae.trace.heads import heads_of, is_attention
from laminae.trace.patch_apply import MISFITS, Unseen, apply
from laminae.trace.patch_record import Patch

Target = tuple[Layer, int]


def changes_of(graph: Graph, patches: Sequence[Patch], device: Any = None) -> Changes:
    """What these patches, in their order, change in a run of a graph. Raises UnknownNameError for one that means nothing.

    device: where the run is; a patched parameter is brought there.
    """
    if not patches:
        return NO_CHANGES
    layers: dict[Layer, list[tuple[int, Patch]]] = {}
    parameters: dict[Parameter, Any] = {}
    inner: list[Patch] = []
    for patch in patches:
        targets, reaches = _targets(graph, patch), _is_inside(graph, patch)
        found = [] if targets or reaches else _parameters(graph, patch.layer)
        if not (targets or reaches or found):
            raise unknown("layer", patch.layer, _names(graph, patch.layer))
        for layer, output in targets:
            layers.setdefault(layer, []).append((output, patch))
        inner += [patch] * reaches
        for parameter in found:
            before = parameters.get(parameter, parameter.tensor())
            parameters[parameter] = _parameter_value(patch, parameter, before, device)
    made = {layer: _change(layer, several, graph) for layer, several in layers.items()}
    return Changes(made, _inside(graph, inner) if inner else None, parameters)


def around(graph: Graph, patches: Iterable[Patch]) -> set[Layer]:
    """The layers of the outermost graph whose bodies these patches reach into."""
    found = set()
    for patch in patches:
        if _is_inside(graph, patch):
            found |= {layer for layer in graph.layers if layer.bodies and _reaches([layer], patch)}
    return found


# -- what a patch means -------------------------------------------------------------------------------------------------


def _targets(graph: Graph, patch: Patch) -> list[Target]:
    """The layers of the outermost graph that a patch means, with the output of each that it changes."""
    name, index = patch.layer, graph.index
    if name in index.by_name or name.strip("/") in index.by_path:
        return [(one(graph, name), patch.output)]
    if _is_pattern(name):
        found = [x for x in graph.layers if matches(name, name=x.name, path=x.path, operator=x.operator)]
        return [(layer, patch.output) for layer in found or _of_groups(graph, patch)]
    group = under(graph, name)
    if group:
        return [(_of_group(group, patch), patch.output)]
    return [
        (layer, i) for layer in graph.layers for i, value in enumerate(layer.outputs) if value is not None and value.name == name
    ]


def _is_pattern(name: str) -> bool:
    return is_glob(name) or name.startswith("op:")


def _of_groups(graph: Graph, patch: Patch) -> list[Layer]:
    """Of every group that a glob means, the layer that is meant by it."""
    paths = {"/".join(x.group.split("/")[:depth]) for x in graph.layers if x.group for depth in range(1, x.group.count("/") + 2)}
    meant = {_of_group(under(graph, path), patch) for path in paths if matches(patch.layer, name=path, path=path, operator="")}
    return [layer for layer in graph.layers if layer in meant]


def _of_group(group: Sequence[Layer], patch: Patch) -> Layer:
    """Its last layer; with heads its attention. Raises PatchError where there are several of these."""
    attentions = [layer for layer in group if is_attention(layer)] if patch.heads is not None else []
    if len(attentions) > 1:
        names = ", ".join(repr(layer.name) for layer in attentions[:4])
        raise PatchError(f"{patch}: the group has {len(attentions)} attentions", {"say which": names})
    return attentions[0] if attentions else group[-1]


def _parameters(graph: Graph, name: str) -> list[Parameter]:
    """The parameters of that name (in bodies their path and name, or the name alone where only one bears it) or glob."""
    known = weights_of(graph)
    if name in known:
        return [known[name]]
    if is_glob(name):
        return list(dict.fromkeys(p for key, p in known.items() if matches(name, name=key, path=key, operator="")))
    alike = {p: key for key, p in known.items() if p.name == name}
    if len(alike) > 1:
        raise PatchError(f"{len(alike)} parameters are named {name!r}", {"say which": ", ".join(map(repr, alike.values()))})
    return list(alike)


def _names(graph: Graph, name: str) -> list[str]:
    """All that can be patched, first what has the same last name."""
    known = [*graph.index.by_name, *weights_of(graph), *(path for path, _ in some_inside(graph.layers)[0])]
    return sorted(known, key=lambda one: one.rsplit("/", 1)[-1] != name.rsplit("/", 1)[-1])


def _is_inside(graph: Graph, patch: Patch) -> bool:
    """Whether a patch means layers in bodies; a name means one there only where no layer around bears it."""
    if not _is_pattern(patch.layer):
        plain = patch.layer
        return "/" in plain and not _targets(graph, patch) and any(at_path(graph, name) for name in (plain, _bare(plain)))
    return _reaches(graph.layers, patch)


def _reaches(layers: Sequence[Layer], patch: Patch) -> bool:
    """Whether a patch may mean a layer in the bodies of these."""
    found, all_of_them = some_inside(layers)
    meant = any(
        matches(text, name=path, path=path, operator=layer.operator)
        for path, layer in found
        for text in (patch.layer, _bare(patch.layer))
    )
    return meant or not all_of_them


def _bare(name: str) -> str:
    """The name of a turn without its number."""
    return name.rsplit("#", 1)[0]


# -- what is put in place -----------------------------------------------------------------------------------------------


def _inside(graph: Graph, patches: Sequence[Patch]) -> Callable[[str], Change | None]:
    @cache
    def layer_of(name: str) -> Layer | None:
        return at_path(graph, name)

    def change(name: str) -> Change | None:
        layer = layer_of(_bare(name)) or layer_of(name)
        if layer is None:
            return None
        meant = [(p.output, p) for p in patches if matches(p.layer, name=name, path=name, operator=layer.operator)]
        return _change(layer, meant, None, name) if meant else None

    return change


def _change(layer: Layer, patches: Sequence[tuple[int, Patch]], graph: Graph | None, name: str = "") -> Change:
    def change(values: tuple[Any, ...]) -> tuple[Any, ...]:
        made = list(values)
        for output, patch in patches:
            if not -len(made) <= output < len(made) or layer.outputs[output] is None:
                count = sum(out is not None for out in layer.outputs)
                raise PatchError(f"layer {name or layer.name!r} has no output {output}", _operator(layer) | {"outputs": count})
            made[output] = _applied(patch, layer, output % len(made), made[output], graph, name or layer.name)
        return tuple(made)

    change.patches = tuple(patch for _, patch in patches)  # type: ignore[attr-defined]
    return change


def _applied(patch: Patch, layer: Layer, output: int, value: Any, graph: Graph | None, name: str) -> Any:
    try:
        split = None if patch.heads is None else heads_of(layer, output, value, patch.of, graph)
        return apply(patch, value, split)
    except PatchError as error:
        raise PatchError(f"layer {name!r}: {error.message}", _operator(layer) | error.details) from error.__cause__
    except MISFITS as error:
        raise PatchError(f"layer {name!r}: {patch} does not fit", _operator(layer) | {"because": error}) from error


def _operator(layer: Layer) -> dict[str, Any]:
    return {"operator": layer.describe()}


def _parameter_value(patch: Patch, parameter: Parameter, value: Any, device: Any) -> Any:
    if patch.output:
        raise PatchError(f"{patch}: a parameter has no outputs")
    try:
        made = apply(patch, value, None if patch.of is None else (-1, patch.of))
    except PatchError as error:
        raise PatchError(f"parameter {parameter.name!r}: {error.message}", error.details) from error.__cause__
    if tuple(made.shape) != parameter.shape:
        rows = {"expected": format_shape(parameter.shape), "found": format_shape(tuple(made.shape))}
        raise PatchError(f"parameter {parameter.name!r}: {patch} has another shape", rows)
    return made if device is None else made.to(device)


__all__ = ["Unseen", "around", "changes_of"]

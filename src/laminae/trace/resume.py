"""Resuming: only the layers that depend on what changed run again, from what a trace has stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laminae.base.errors import PatchError
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.plan.changes import Changes
from laminae.trace.patch import Patch
from laminae.trace.patching import around, changes_of

STORED, PATCHED, RAN, AGAIN = "stored", "patched", "ran", "recomputed"
"""How a layer's output came about in a resumed trace: taken over, changed, made anew, made again because it was not stored."""


@dataclass(frozen=True)
class Part:
    """What is to run: given values, the layers in no order, what each layer's output is, and what the run changes."""

    given: dict[Value, Any]
    layers: frozenset[Layer]
    states: dict[Layer, str]
    changes: Changes


def require_unchanged(graph: Graph, revision: int, changed: Sequence[Parameter]) -> None:
    """Raises PatchError where the model is another than when the trace was made."""
    if graph.revision != revision:
        raise PatchError(
            "the model has been edited since this trace was made", {"the way out": "run it again: model.run(x, patch=…)"}
        )
    if changed:
        names = ", ".join(repr(p.name) for p in changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        raise PatchError(
            f"parameter {names} has changed since this trace was made: what is stored is of other weights",
            {"the way out": "run it again: model.run(x, patch=…)"},
        )


def part(graph: Graph, stored: Mapping[Value, Any], before: Sequence[Patch], patches: Sequence[Patch]) -> Part:
    """What must run when these patches come to those of before: whatever depends on them, and what that reads and nobody has.

    stored: every input, and what a trace keeps whole. Raises UnknownNameError for a patch that means nothing.
    """
    new, every = changes_of(graph, patches), changes_of(graph, [*before, *patches])
    rerun = set(around(graph, patches)) | _readers(graph, new.parameters)
    given, changed = dict(stored), set[Value]()
    states = dict.fromkeys(graph.layers, STORED)
    for layer in graph.layers:
        outputs = [v for v in layer.outputs if v is not None]
        if layer in rerun or any(x in changed for x in layer.reads):
            rerun.add(layer)
            states[layer] = PATCHED if layer in new.layers else RAN
            changed.update(outputs)
        elif layer in new.layers:
            states[layer] = PATCHED
            changed.update(outputs)
            if all(v in stored for v in outputs) or _absolute(patches, layer, new):
                given |= _put(layer, new, stored)
            else:
                rerun.add(layer)
    for v in changed:
        if v.producer in rerun:
            given.pop(v, None)
    for layer in _missing(graph, rerun, given):
        states[layer] = AGAIN
        rerun.add(layer)
    layers = frozenset(layer for layer in rerun if not layer.is_input)
    return Part(
        given, layers, states, Changes({x: c for x, c in every.layers.items() if x in layers}, every.inside, every.parameters)
    )


def _put(layer: Layer, new: Changes, stored: Mapping[Value, Any]) -> dict[Value, Any]:
    """The outputs of a layer that need not run, changed."""
    made = new.layers[layer](tuple(None if v is None else stored.get(v) for v in layer.outputs))
    return {v: value for v, value in zip(layer.outputs, made, strict=True) if v is not None}


def _absolute(patches: Sequence[Patch], layer: Layer, new: Changes) -> bool:
    """Whether a layer's one output is replaced whole: then it need not be known."""
    if len(layer.outputs) != 1:
        return False
    first = next(iter(getattr(new.layers[layer], "patches", ())), None)
    return first is not None and first.absolute


def _readers(graph: Graph, parameters: Iterable[Parameter]) -> set[Layer]:
    """The layers of the outermost graph that read these, themselves or in a body."""
    wanted = set(parameters)
    if not wanted:
        return set()
    found = {layer for layer in graph.layers if wanted & set(layer.reads)}
    for layer in graph.layers:
        inner = (x for body in layer.bodies.values() for _, g in body.graphs() for x in g.layers)
        if layer not in found and any(wanted & set(x.reads) for x in inner):
            found.add(layer)
    return found


def _missing(graph: Graph, running: Iterable[Layer], given: Mapping[Value, Any]) -> set[Layer]:
    """The layers whose outputs the running ones or the model's outputs need, which nobody has."""
    running = set(running)
    missing: set[Layer] = set()
    waiting = [x for layer in running for x in layer.reads] + list(graph.outputs)
    while waiting:
        value = waiting.pop()
        if isinstance(value, Parameter) or value in given or value.producer is None:
            continue
        if value.producer in running or value.producer in missing or value.producer.is_input:
            continue
        missing.add(value.producer)
        waiting += value.producer.reads
    return missing

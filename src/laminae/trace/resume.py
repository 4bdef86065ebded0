"""Resuming: only the layers that depend on what changed run again, from what a trace has stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.errors import PatchError
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.layer import WRITES
from laminae.graph.parameter import ROLE
from laminae.plan.changes import Change, Changes, is_absolute
from laminae.trace.patch_apply import Unseen
from laminae.trace.patch_record import Patch
from laminae.trace.patching import around, changes_of

if TYPE_CHECKING:
    from laminae.engines.run import Run

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
        many = len(changed) > 1
        names = ", ".join(repr(p.name) for p in changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        raise PatchError(
            f"parameter{'s' * many} {names} {'have' if many else 'has'} changed since this trace was made",
            _because(changed, {layer.metadata.get(WRITES) for layer in graph.layers}),
        )


def _because(changed: Sequence[Parameter], written: Collection[str | None]) -> dict[str, str]:
    """written: the names of parameters that layers are there to write."""
    again = "run it again: model.run(x, patch=…)"
    if any(ROLE not in p.metadata and p.name not in written for p in changed):
        return {"because": "what is stored is of other weights", "the way out": again}
    return {"because": "a training phase changes it in every run", "the way out": f"model.eval(), or {again}"}


def seen_of(run: Run) -> dict[Value, Unseen]:
    """What is known of tensors that a run has made and not kept whole."""
    return {
        value: Unseen(tuple(note[0]), note[1], run.device)
        for layer, notes in run.notes.items()
        for value, note in zip(layer.outputs, notes, strict=True)
        if value is not None and note is not None and isinstance(note[1], torch.dtype)
    }


def part(
    graph: Graph,
    stored: Mapping[Value, Any],
    before: Sequence[Patch],
    patches: Sequence[Patch],
    seen: Mapping[Value, Unseen] | None = None,
    device: Any = None,
    wanted: Iterable[Layer] = (),
) -> Part:
    """What must run when these patches come to those of before: whatever depends on them, and what that reads and nobody has.

    stored: every input, and what a trace keeps whole; seen: what is known of the rest. device: where patched parameters go.
    wanted: layers whose outputs are to be had too.
    Raises UnknownNameError for a patch that means nothing, PatchError for one that does not fit what is stored.
    """
    with torch.no_grad():
        return _part(graph, {**(seen or {}), **stored}, stored, before, patches, device, wanted)


def _part(
    graph: Graph,
    known: Mapping[Value, Any],
    stored: Mapping[Value, Any],
    before: Sequence[Patch],
    patches: Sequence[Patch],
    device: Any,
    wanted: Iterable[Layer],
) -> Part:
    new, every = changes_of(graph, patches, device), changes_of(graph, [*before, *patches], device)
    rerun = set(around(graph, patches)) | _readers(graph, new.parameters)
    given, changed = dict(stored), set[Value]()
    states = dict.fromkeys(graph.layers, STORED)
    for layer in graph.layers:
        if layer not in rerun and layer not in new.layers:
            continue
        outputs = [v for v in layer.outputs if v is not None]
        if layer in rerun:
            states[layer] = PATCHED if layer in new.layers else RAN
        else:
            states[layer] = PATCHED
            if all(v in stored for v in outputs) or _needs_none(layer, new.layers[layer], known):
                given |= _put(layer, new, known)
            else:
                rerun.add(layer)
        changed.update(outputs)
        rerun.update(reader for v in outputs for reader in graph.readers(v))
    for v in changed:
        if v.producer in rerun:
            given.pop(v, None)
    for layer in wanted:
        if layer not in rerun and not all(v is None or v in given for v in layer.outputs):
            states[layer] = AGAIN
            rerun.add(layer)
    for layer in _missing(graph, rerun, given):
        states[layer] = AGAIN
        rerun.add(layer)
    layers = frozenset(layer for layer in rerun if not layer.is_input)
    return Part(
        given, layers, states, Changes({x: c for x, c in every.layers.items() if x in layers}, every.inside, every.parameters)
    )


def _needs_none(layer: Layer, change: Change, known: Mapping[Value, Any]) -> bool:
    """Whether a layer's one output is put whole, so that what it was need not be known."""
    if len(layer.outputs) != 1:
        return False
    first = next(iter(getattr(change, "patches", ())), None)
    return is_absolute(change) or (first is not None and first.constant and layer.outputs[0] in known)


def _put(layer: Layer, new: Changes, known: Mapping[Value, Any]) -> dict[Value, Any]:
    """The outputs of a layer that need not run, changed; of one that is replaced whole it need only be known what it was."""
    made = new.layers[layer](tuple(None if v is None else known.get(v) for v in layer.outputs))
    return {v: value for v, value in zip(layer.outputs, made, strict=True) if v is not None}


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

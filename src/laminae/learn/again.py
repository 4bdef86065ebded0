"""A forward pass once more, with what a backward pass needs: the same inputs, patches and random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import ordinary_tensors
from laminae.base.errors import UsageError
from laminae.engines.torch.passes import Pass, Run
from laminae.graph import Graph, Layer, Parameter
from laminae.graph.layer import WRITES
from laminae.graph.parameter import ROLE
from laminae.graph.select import matches
from laminae.ops.chance import set_state, state
from laminae.plan.changes import Changes
from laminae.plan.policy import ALL, Policy
from laminae.trace.differentiable import differentiable, parameters_of
from laminae.trace.patching import changes_of
from laminae.trace.record import Record


def is_differentiable(record: Record) -> bool:
    """Whether a backward pass can go through the values of a pass as they are."""
    outputs = [x for x in record.run.outputs if torch.is_tensor(x)]
    return record.run.engine is record.session.engine and not record.resumed and any(x.requires_grad for x in outputs)


def wants_inputs(record: Record, globs: Sequence[str]) -> bool:
    """Whether names or globs mean an input layer whose value wants no derivatives in a pass."""
    for entry in record.entries:
        value = entry.values[0] if entry.is_input and entry.kept else None
        if not torch.is_tensor(value) or value.requires_grad or not (value.is_floating_point() or value.is_complex()):
            continue
        if any(matches(glob, name=entry.name, path=entry.path, operator=entry.op) for glob in globs):
            return True
    return False


def require_same_model(record: Record) -> None:
    """Raises UsageError where a pass was of other weights, or of another graph, than the model has now."""
    graph = record.session.graph
    if graph.revision != record.revision:
        raise UsageError(
            "the model has been edited since this trace was made", {"the way out": "run it again: model.run(x, backward=True)"}
        )
    moved = set(moving(graph))
    changed = [p for p in record.run.changed_since() if p.is_weight and p not in moved]
    if changed:
        names = ", ".join(repr(p.name) for p in changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        raise UsageError(
            f"parameter {names} has changed since this trace was made: its derivatives would be of other weights",
            {"the way out": "run it again: model.run(x, backward=True)"},
        )


def again(record: Record, policy: Policy = ALL) -> Record:
    """The pass again, by torch. Statistics that it would move (BatchNorm's) stay where they are: it moves copies."""
    session, run = record.session, record.run
    graph, engine = session.graph, session.engine
    changes = changes_of(graph, record.patches, run.device)
    kept = {p: p.tensor().clone() for p in moving(graph)}
    changes = Changes({x: c for x, c in changes.layers.items() if not x.is_input}, changes.inside, {**kept, **changes.parameters})
    inputs = [run.values[slot] for slot in run.plan.inputs]
    inputs, changes = differentiable(graph, engine.operators(), inputs, changes, run.device)
    given = dict(zip(graph.inputs, inputs, strict=True))
    layers = frozenset(layer for layer in graph.layers if not layer.is_input)
    made = forward(engine, graph, given, layers, policy, run.device, Pass(changes=changes, states=dict(run.states)))
    return Record(made, session, record.patches, record.states)


def forward(engine: Any, graph: Graph, given: Any, layers: frozenset[Layer], policy: Policy, device: Any, within: Pass) -> Run:
    """A run of these layers with derivatives, whatever else they read being given. torch's generator is as it was after."""
    program = engine.program(graph, policy, device, noting=True, roomy=True)
    run = Run(program, recording=True, within=within)
    before = state() if within.states else None
    try:
        with torch.enable_grad(), ordinary_tensors():
            found: Run = program.partial(run, given, layers)
            return found
    finally:
        if before is not None:
            set_state(before)


def moving(graph: Graph) -> list[Parameter]:
    """What a forward pass in the training phase changes: statistics, and what a layer is there to write."""
    written = {layer.metadata[WRITES] for layer in graph.layers if WRITES in layer.metadata}
    return [p for p in parameters_of(graph) if p.metadata.get(ROLE) == "statistic" or p.name in written]

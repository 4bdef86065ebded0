"""What a hunt sees: a pass measured as it ran, and the same pass again where values are wanted whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from laminae.base import torch
from laminae.base.arrays import copy_of, is_tensor, write
from laminae.base.cost import Cost
from laminae.base.errors import LaminaeError
from laminae.compare.hunt.gauge import Gauge
from laminae.compare.hunt.look import Among, looking
from laminae.compare.hunt.thresholds import Thresholds
from laminae.compare.hunt.turns import Turn, Turns
from laminae.graph import Graph, Layer, Parameter
from laminae.ops.chance import set_state, state
from laminae.plan.describe import describe
from laminae.plan.policy import policy
from laminae.trace.patching import changes_of
from laminae.trace.record import Record
from laminae.trace.resume import require_unchanged
from laminae.trace.session import Session

SHORT, TAKES = 100.0, 3
"""ms of a pass below which its times are taken more than once: an interrupted process then shows in one of them."""


@dataclass(frozen=True, eq=False)
class Sight:
    """turns: in the order in which they ended. parameters: those that layers read, measured. again: the same pass, with the
    outputs of these layers kept whole. times: of each layer of the outermost graph in ms; costs: as far as its shapes tell, asked
    for only where they are told: shapes take longer to follow than many a model to run.
    """

    graph: Graph
    turns: Sequence[Turn]
    parameters: Mapping[Parameter, Gauge | None]
    thresholds: Thresholds
    again: Callable[[Collection[Layer]], Record]
    times: Mapping[str, float] = field(default_factory=dict)
    costs: Callable[[], Mapping[str, Cost]] = dict


def of_model(
    session: Session, given: Sequence[Any], named: Mapping[str, Any], device: Any, patch: Any, thresholds: Thresholds
) -> Sight:
    """A pass in which every output is measured and let go, and one for the times."""

    def run(store: Any) -> Record:
        with _left_as_it_was(session.graph):
            return session.run(given, named, store, device, patch=patch)

    turns = Turns(run(looking(session.graph)), whole=False)
    times = _times(run(False))
    for _ in range(TAKES - 1 if sum(times.values()) < SHORT else 0):
        times = _shortest(times, _times(run(False)))
    return _sight(session.graph, turns, thresholds, lambda layers: run(Among(frozenset(layers))), times)


def of_trace(record: Record, thresholds: Thresholds) -> Sight:
    """What a trace has stored; where it has not stored everything its pass is run again, and measured on the way.

    Raises PatchError where that cannot be, because a parameter has changed or the model was edited since.
    """
    session, run = record.session, record.run
    if run.plan.policy.everything and not run.missing:
        return _sight(session.graph, Turns(record, whole=True), thresholds, lambda layers: record, _times(record))
    require_unchanged(session.graph, record.revision, run.changed_since())
    stored, changes = run.stored(), changes_of(session.graph, record.patches)
    layers = frozenset(layer for layer in session.graph.layers if not layer.is_input)
    inputs = {value: stored[value] for value in session.graph.inputs}

    def again(store: Any) -> Record:
        keeps = policy(store, session.graph)
        with _left_as_it_was(session.graph):
            made = run.engine.partial(inputs, layers, keeps, run.device, changes=changes, states=run.states)
        return Record(made, session, record.patches)

    turns = Turns(again(looking(session.graph)), whole=False)
    return _sight(session.graph, turns, thresholds, lambda wanted: again(Among(frozenset(wanted))), _times(record))


def _times(record: Record) -> dict[str, float]:
    """Of each layer of the outermost graph, as far as they are known."""
    return {entry.name: entry.ms for entry in record.entries if entry.ms is not None and not (entry.inside or entry.is_input)}


def _shortest(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: min(ms, other.get(name, ms)) for name, ms in one.items()}


def _sight(
    graph: Graph,
    turns: Turns,
    thresholds: Thresholds,
    again: Callable[[Collection[Layer]], Record],
    times: Mapping[str, float],
) -> Sight:
    shapes = {
        value.name: turn.output.shape
        for turn in turns.every
        for value in turn.layer.outputs
        if turn.layer.is_input and turn.around is None and value is not None and turn.output is not None and not value.kind
    }

    def costs() -> Mapping[str, Cost]:
        try:
            return {record.name: record.cost for record in describe(graph, shapes)}
        except LaminaeError:
            return {}

    return Sight(graph, turns.every, turns.parameters, thresholds, again, times, costs)


@contextmanager
def _left_as_it_was(graph: Graph) -> Iterator[None]:
    """Torch's generator, and the buffers that a module's forward pass may write: every pass of a hunt begins from the same."""
    written = any(layer.domain.startswith("torch.") for layer in graph.layers)
    held = [p.tensor() for p in graph.parameters.values() if written and not p.is_weight]
    before, copies = state(), [(tensor, copy_of(tensor)) for tensor in held if is_tensor(tensor)]
    try:
        yield
    finally:
        set_state(before)
        for tensor, copy in copies:
            if not torch.equal(tensor, copy):  # batch_norm writes without torch's counting it
                write(tensor, copy)

"""From a trace and an expectation to deltas: the loss's layers run after the pass, and the backward pass goes through both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from laminae.base.arrays import is_tensor
from laminae.base.errors import LaminaeError, PatchError
from laminae.engines.torch.passes import Pass, Run
from laminae.files.weights import weights_of
from laminae.graph import Graph, Parameter
from laminae.learn.again import again, forward, is_differentiable, require_same_model, wants_inputs
from laminae.learn.backward import Derivatives, Way, derivatives
from laminae.learn.derived import Derived, derived, place_of, require_learnable
from laminae.learn.learnable import learnable, meant
from laminae.learn.losses import loss_of
from laminae.learn.losses.loss import Loss
from laminae.learn.turns import Turn, turns
from laminae.plan.policy import ALL, Policy, policy
from laminae.trace.patch import patches
from laminae.trace.patching import changes_of
from laminae.trace.record import Entry, Record

AGAIN = "the forward pass ran again, with the same random numbers"


@dataclass(frozen=True, eq=False)
class Step:
    """One backward pass as it went. passed: the pass it went through, whose history is gone where it was run for this alone.

    value: the loss. derivatives: of it. said: what there is to say of how it went.
    """

    loss: Loss
    passed: Record
    value: Any
    derivatives: Derivatives
    frozen: tuple[str, ...]
    said: str


def one_step(
    record: Record,
    loss: Any,
    expected: Any,
    *,
    output: str | int | None = None,
    store: object = None,
    until: str | None = None,
    patch: Any = None,
    freeze: Sequence[str] | str = (),
    of_weights: bool = True,
) -> Step:
    """The backward pass of a trace. of_weights: whether weights get derivatives too, beside the deltas.

    Raises ShapeError, DTypeError, UnknownNameError, PatchError or UsageError.
    """
    record.session.follow()
    require_same_model(record)
    graph, loss = record.session.graph, loss_of(loss)
    keeps = ALL if store is None else _policy(store, graph)
    place = place_of(graph, output)
    changes = changes_of(graph, _of_layers(graph, patches(patch)))
    passed = record
    why = _why_again(record, keeps, until)
    if why:
        passed = again(record)
    went, name = cast(Run, passed.run), graph.outputs[place].name
    found = require_learnable(passed.run.outputs[place], name)
    parts = loss.expect(found, expected, name)
    made = derived(graph, loss, place, found, parts)
    run = _of_loss(made, loss, went, parts, name)
    boxes = weights_of(graph)
    known = _weights(learnable(graph), went)
    stopped = meant(graph, boxes, freeze) if freeze else frozenset()
    every = turns(passed) + _loss_turns(made, run, passed)
    way = Way(keeps, until, changes, stopped)
    derived_by = derivatives(run.outputs[-1], every, known if of_weights else {}, way, retain=passed is record)
    names = tuple(name for name, (p, _) in known.items() if p in stopped)
    return Step(loss, passed, run.outputs[-1].detach(), derived_by, names, why and f"{AGAIN}: {why}")


def _policy(store: object, graph: Graph) -> Policy:
    return policy(store, graph)


def _why_again(record: Record, keeps: Policy, until: str | None) -> str:
    """Why the forward pass must run again; empty where it need not."""
    if not is_differentiable(record):
        return "the trace was not made with backward=True"
    asked = [until] if until else []
    for rule in () if keeps.everything else keeps.rules:
        asked += [rule.layers] if isinstance(rule.layers, str) else [] if callable(rule.layers) else list(rule.layers)
    if wants_inputs(record, asked):
        return "the trace was not made with backward='inputs'"
    plan = record.run.plan
    if not plan.policy.everything and any(keeps.rule(step.layer) and not step.whole for step in plan.order):
        return "not every layer whose delta is asked for was stored"
    return ""


def _of_layers(graph: Graph, put: Sequence[Any]) -> Sequence[Any]:
    """Raises PatchError for a patch of a parameter: derivatives of weights are changed afterwards."""
    boxes = weights_of(graph)
    for one in put:
        if one.layer in boxes and one.layer not in graph.index.by_name:
            raise PatchError(
                f"{one} is of a weight", {"a delta is of a layer": "name the layer", "to leave a weight alone": "freeze=[…]"}
            )
    return put


def _weights(boxes: Mapping[str, Parameter], run: Run) -> dict[str, tuple[Parameter, Any]]:
    """Each weight once, with the tensor that the pass read in its place."""
    put = run.within.changes.parameters
    pairs = {name: (p, put.get(p, p.tensor())) for name, p in boxes.items()}
    return {name: pair for name, pair in pairs.items() if is_tensor(pair[1])}


def _of_loss(made: Derived, loss: Loss, run: Run, parts: Sequence[Any], name: str) -> Run:
    """The loss's layers, run after the pass."""
    graph = made.graph
    given = {graph.outputs[i]: x for i, x in enumerate(run.outputs)} | dict(zip(made.expected, parts, strict=True))
    layers = frozenset(layer for layer in made.added if not layer.is_input)
    try:
        return forward(made.engine, graph, given, layers, ALL, run.device, Pass())
    except LaminaeError:
        loss.blame(run.outputs[made.output].detach(), tuple(parts), name)
        raise


def _loss_turns(made: Derived, run: Run, passed: Record) -> list[Turn]:
    """The turns of the loss's layers, numbered on from those of the pass."""
    before = len(passed.entries)
    added = set(made.added)
    steps = [step for step in run.plan.order if step.layer in added]
    found = []
    for number, step in enumerate(steps, 1):
        values = tuple(None if slot is None else run.values[slot] for slot in step.places)
        reads = tuple(layer.name for layer in step.about.previous)
        entry = Entry(before + number, step.layer.name, step.about.path, step.about, values, True, None, (), reads)
        found.append(Turn(entry, step.layer, "", values))
    return found


__all__ = ["Step", "one_step"]

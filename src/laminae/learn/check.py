"""The gradient check: derivatives held against differences, in float64, for each layer and weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.learned import CheckRecord
from laminae.engines.torch.passes import Pass, Run
from laminae.files.weights import weights_of
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.learn.again import forward
from laminae.learn.backward import Derivatives, Way, derivatives
from laminae.learn.blame import blamed
from laminae.learn.derived import derived, place_of, require_learnable
from laminae.learn.differences import Differences
from laminae.learn.learnable import learnable
from laminae.learn.losses import loss_of
from laminae.learn.turns import turns
from laminae.learn.wide import wide, widened
from laminae.plan.changes import Changes
from laminae.plan.policy import ALL
from laminae.trace.differentiable import differentiable
from laminae.trace.record import Record
from laminae.trace.session import Session

ERROR = 1e-5
"""The relative error up to which derivatives count as right: in float64 a right one is around 1e-8, a wrong one far above."""


@dataclass(frozen=True)
class GradientCheck:
    """records: in reverse forward order, a layer's delta before its weights. blame: the layer that is wrong, empty where none
    is.
    """

    records: tuple[CheckRecord, ...]
    blame: str
    loss: float


def check_gradients(
    session: Session,
    inputs: Sequence[Any],
    expected: Any,
    loss: Any,
    *,
    output: str | int | None = None,
    samples: int = 8,
    seed: int = 0,
) -> GradientCheck:
    """Hold derivatives against differences at `samples` elements of each layer's output and of each weight, drawn by seed.

    inputs: one tensor for each input layer. The model is not changed: it runs in float64 as a graph of its own.
    """
    graph, chosen = wide(session.graph), loss_of(loss)
    place = place_of(graph, output)
    engine_inputs = [widened(x) for x in inputs]
    with torch.random.fork_rng(devices=[]):
        with torch.no_grad():
            found = Session(graph).engine.call(engine_inputs, session.engine.home)[place]
        name = graph.outputs[place].name
        parts = chosen.expect(require_learnable(found, name), _expectation(expected, found), name)
        made = derived(graph, chosen, place, found, parts)
        record, run = _pass(made.graph, [*engine_inputs, *parts], session.engine.home)
        by = _analytical(record, run)
        differences = Differences(made.graph, record.session.engine, run)
        draw = torch.Generator().manual_seed(seed)
        apart = {value.producer for value in made.expected}
        records = list(_records(made.graph, record, by, differences, samples, draw, apart))
    return GradientCheck(tuple(records), blamed(made.graph, records, record), differences.loss)


def _expectation(expected: Any, output: Any) -> Any:
    """Floats as wide as the output; lists become that by themselves."""
    if isinstance(expected, tuple):
        return tuple(_expectation(part, output) for part in expected)
    return widened(expected) if is_tensor(expected) or hasattr(expected, "dtype") else expected


def _pass(graph: Graph, inputs: Sequence[Any], device: Any) -> tuple[Record, Run]:
    session = Session(graph)
    leaves, changes = differentiable(graph, session.engine.operators(), inputs, Changes(), device)
    given = dict(zip(graph.inputs, leaves, strict=True))
    layers = frozenset(layer for layer in graph.layers if not layer.is_input)
    run = forward(session.engine, graph, given, layers, ALL, device, Pass(changes=changes))
    return Record(run, session), run


def _analytical(record: Record, run: Run) -> Derivatives:
    put = run.within.changes.parameters
    known = {name: (p, put.get(p, p.tensor())) for name, p in learnable(record.session.graph).items() if is_tensor(p.tensor())}
    return derivatives(run.outputs[-1], turns(record), known, Way(), retain=True)


def _records(
    graph: Graph,
    record: Record,
    by: Derivatives,
    differences: Differences,
    samples: int,
    draw: torch.Generator,
    apart: set[Any],
) -> Iterator[CheckRecord]:
    boxes, seen = weights_of(graph), set[Parameter]()
    names = {p: name for name, p in reversed(boxes.items())}
    for delta in by.deltas:
        turn = delta.turn
        if turn.prefix or turn.layer in apart:
            continue
        outputs = zip(turn.layer.outputs, turn.values, delta.values, strict=True)
        for value, x, analytic in outputs:
            if analytic is not None and value is not None and _leads_on(graph, value):
                yield _held(turn.entry.index, turn.layer, "", differences, value, x, analytic, samples, draw)
        for parameter in turn.layer.parameters.values():
            name = names.get(parameter, parameter.name)
            if parameter not in seen and name in by.weights:
                seen.add(parameter)
                yield _held(
                    turn.entry.index,
                    turn.layer,
                    name,
                    differences,
                    parameter,
                    parameter.tensor(),
                    by.weights[name],
                    samples,
                    draw,
                )


def _leads_on(graph: Graph, value: Value) -> bool:
    """Whether some layer reads it: the loss itself has nothing to differ by."""
    return bool(graph.readers(value))


def _held(
    index: int,
    layer: Layer,
    weight: str,
    differences: Differences,
    of: Any,
    at: Any,
    analytic: Any,
    samples: int,
    draw: torch.Generator,
) -> CheckRecord:
    loss = differences.of_parameter(of) if weight else differences.of_value(of)
    at = at.detach()
    places = torch.randperm(at.numel(), generator=draw)[:samples].tolist()
    size = float(analytic.abs().max()) if analytic.numel() else 0.0
    slopes = [differences.slope(loss, at, place, size) for place in places]
    pairs = [(float(analytic.reshape(-1)[place]), s) for place, s in zip(places, slopes, strict=True) if not s.kink]
    a, n = (torch.tensor(values, dtype=torch.float64) for values in ([p[0] for p in pairs], [p[1].value for p in pairs]))
    apart, sizes = float((a - n).norm()), float(a.norm() + n.norm())
    noise = float(torch.tensor([p[1].noise for p in pairs], dtype=torch.float64).norm())
    error = apart / sizes if sizes else 0.0
    if apart <= 4 * noise and error > ERROR:
        error = 0.0  # nothing but rounding stands there
    return CheckRecord(
        index, layer.name, layer.operator, weight, at.numel(), len(places), len(places) - len(pairs), error, error <= ERROR
    )

"""Which layer has a wrong derivative, when some of what came out of a backward pass is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import LaminaeError
from laminae.base.learned import CheckRecord
from laminae.engines.torch.passes import Pass
from laminae.graph import Graph, Layer, Value
from laminae.learn.again import forward
from laminae.plan.policy import ALL
from laminae.trace.record import Record

STEP = 1e-6


def blamed(graph: Graph, records: Sequence[CheckRecord], record: Record) -> str:
    """records: in reverse forward order. The first wrong weight is its own layer's fault; the first wrong delta that of a layer
    which reads that output, for the deltas of those are right.
    """
    first = next((one for one in records if not one.correct), None)
    if first is None:
        return ""
    layer = graph.index.by_name[first.layer]
    if first.weight:
        return layer.name
    readers = graph.next(layer)
    if len(readers) == 1:
        return readers[0].name
    return max(readers, key=lambda reader: _own_error(graph, reader, layer, record)).name


def _own_error(graph: Graph, reader: Layer, layer: Layer, record: Record) -> float:
    """How far one layer's derivative along a random direction is from its difference: relative, by what a random weighting
    of its outputs makes of it."""
    stored = {
        value: _plain(record.run.values[slot])
        for step in record.run.plan.order
        for value, slot in zip(step.layer.outputs, step.writes, strict=True)
        if value is not None and slot is not None
    }
    draw = torch.Generator().manual_seed(0)
    moved = [v for v in layer.outputs if v is not None and is_tensor(stored[v]) and stored[v].is_floating_point()]
    along = {v: torch.randn(stored[v].shape, generator=draw, dtype=stored[v].dtype) for v in moved}
    weights: dict[Value, Any] = {}

    def made(by: Any) -> Any:
        given = stored | {v: stored[v] + by * along[v] for v in moved}
        run = forward(
            record.session.engine, graph, given, frozenset([reader]), ALL, record.run.device, Pass(states=dict(record.run.states))
        )
        (step,) = (step for step in run.plan.order if step.layer is reader)
        outputs = {
            v: run.values[slot] for v, slot in zip(reader.outputs, step.writes, strict=True) if v is not None and slot is not None
        }
        floats = {v: x for v, x in outputs.items() if is_tensor(x) and x.is_floating_point()}
        for v, x in floats.items():
            weights.setdefault(v, torch.randn(x.shape, generator=draw, dtype=x.dtype))
        return sum((x * weights[v]).sum() for v, x in floats.items())

    try:
        zero = torch.zeros((), dtype=torch.float64, requires_grad=True)
        analytic = float(torch.autograd.grad(made(zero), zero)[0])
        numeric = float((made(STEP) - made(-STEP)).detach()) / (2 * STEP)
    except (LaminaeError, RuntimeError):
        return 0.0
    size = abs(analytic) + abs(numeric)
    return abs(analytic - numeric) / size if size else 0.0


def _plain(value: Any) -> Any:
    return value.detach() if torch.is_tensor(value) else value

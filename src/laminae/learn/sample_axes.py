"""Along which axis of each value the samples stand: told from a pass of one sample beside that of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laminae.base.arrays import is_tensor
from laminae.engines.run import Run
from laminae.graph import Value
from laminae.plan.policy import ALL
from laminae.trace.record import Record

MIXED = -1
"""The axis where samples stand in no axis of their own."""

Axes = Mapping[Value, int | None]
"""None for a value that has the same shape for any number of samples."""


def sample_axes(passed: Record, samples: int) -> Axes:
    """Of every value of the outermost graph. Raises LaminaeError where the model cannot take one sample alone."""
    session, run = passed.session, passed.run
    inputs = [x.detach()[:1] if is_tensor(x) else x for x in (run.values[slot] for slot in run.plan.inputs)]
    one = _values(session.engine.record(inputs, ALL, run.device))
    return {value: _axis(x, one[value], samples) for value, x in _values(run).items()}


def _values(run: Run) -> dict[Value, Any]:
    pairs = [pair for step in run.plan.order for pair in zip(step.layer.outputs, step.places, strict=True)]
    return {value: run.values[slot] for value, slot in pairs if value is not None and slot is not None}


def _axis(every: Any, one: Any, samples: int) -> int | None:
    if not is_tensor(every) or not is_tensor(one):
        return None
    if every.ndim != one.ndim:
        return MIXED
    other = [i for i, (a, b) in enumerate(zip(every.shape, one.shape, strict=True)) if a != b]
    if not other:
        return None
    return other[0] if len(other) == 1 and every.shape[other[0]] == samples and one.shape[other[0]] == 1 else MIXED

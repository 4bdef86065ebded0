"""`model.harvest`: what layers make of a whole dataset, to a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from operator import index
from typing import Any

from laminae.api.activations import Activations
from laminae.base.errors import InputError, UsageError
from laminae.data.inputs import Inputs, Takes, inputs
from laminae.graph import Graph
from laminae.plan.policy import policy
from laminae.trace.disk import harvest as disk
from laminae.trace.session import Session

BATCH = 32
"""Samples at a time, where neither the caller nor the model says."""


def harvest(
    session: Session,
    data: Any,
    store: object,
    out: str | os.PathLike[str],
    *,
    batch: int | None,
    engine: str,
    device: Any,
    shard_bytes: int,
    progress: Callable[[int], None] | None,
) -> Activations:
    """Run the dataset, write, and give what the folder then holds."""
    declared = _declared(session.graph)
    size = _number(batch if batch is not None else declared or BATCH, "batch")
    found = inputs(data, size, _takes(session))
    _require_even(found, size, declared)
    how = disk.How(size, engine, device, _number(shard_bytes, "shard_bytes"))
    disk.harvest(session, found, policy(store, session.graph), out, how, progress)
    return Activations(out)


def _takes(session: Session) -> Takes:
    """The inputs as a caller names them."""
    values = session.graph.inputs
    names = session.interface.names if session.interface is not None else [layer.name for layer in session.graph.input_layers]
    ranks = tuple(None if value.shape is None else len(value.shape) for value in values)
    return Takes(tuple(names), ranks)


def _declared(graph: Graph) -> int | None:
    """How many samples the model takes at a time, where its inputs declare a number."""
    sizes = {value.shape[0] for value in graph.inputs if value.shape}
    size = sizes.pop() if len(sizes) == 1 else None
    return size if isinstance(size, int) else None


def _require_even(data: Inputs, size: int, declared: int | None) -> None:
    """A model of a fixed number of samples refuses the rest before anything is run."""
    if declared is None:
        return
    rest = (data.samples or 0) % declared
    if size != declared or rest:
        found = f"batch={size}" if size != declared else f"{data.samples:,} samples, which leave {rest}"
        way = 'open it with a size that varies: lm.open(module, example=(x,), dynamic={"x": {0: "batch"}})'
        raise InputError(f"the model takes {declared} samples at a time", {"found": found, "the way out": way})


def _number(given: Any, name: str) -> int:
    try:
        number = 0 if isinstance(given, bool) else index(given)
    except TypeError:
        number = 0
    if number < 1:
        raise UsageError(f"{name}={given!r} is not possible", {"expected": "a whole number, 1 or more"})
    return number

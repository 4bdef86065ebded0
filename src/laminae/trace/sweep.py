"""Sweeps: one trace gone on from in many ways, all at once where what changes lets them be one batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor, ordinary_tensors
from laminae.base.errors import LaminaeError, UsageError
from laminae.graph import Value
from laminae.plan.changes import Changes, is_absolute
from laminae.plan.store import Store
from laminae.trace.patch import Patch, patches
from laminae.trace.patching import changes_of
from laminae.trace.record import Record
from laminae.trace.resume import AGAIN, Part, part, require_unchanged, seen_of
from laminae.trace.session import Session

MOST_BYTES = 1 << 28
"""What the values of one layer may take in all passes of a batch, so that a sweep of any length needs bounded memory."""

MOST_PASSES = 32
"""In one batch: beyond that nothing is won."""


@dataclass(frozen=True)
class Ways:
    """What came out. outputs: by name, [ways, ...] where all have one shape, else a list of each.

    how: whether in batches, and why not.
    """

    patches: tuple[tuple[Patch, ...], ...]
    outputs: dict[str, Any]
    how: str


def sweep(session: Session, record: Record, several: Sequence[Any], *, exact: bool = False, batch: int | None = None) -> Ways:
    """The outputs for each of several patches (each may be a list of them).

    exact: one after another, so that each has the bits of `resume`. batch: at most so many at once.
    """
    require_unchanged(session.graph, record.revision, record.run.changed_since())
    if batch is not None and (isinstance(batch, bool) or not isinstance(batch, int) or batch < 1):
        raise UsageError(f"batch={batch!r} is no number of ways", {"expected": "a whole number, 1 or more"})
    ways = tuple(patches(one) for one in several) if isinstance(several, Iterable) else ()
    if not ways:
        raise UsageError(
            "there is nothing to sweep over", {"expected": "a list of patches, of lists of these", "found": f"{several!r:.60}"}
        )
    changes = [changes_of(session.graph, way, record.run.device) for way in ways]
    record, again = _completed(session, record, ways[0], changes)
    why = "asked for" if exact else ""
    if not why:
        try:
            return Ways(ways, _batched(session, record, ways[0], changes, batch), f"in batches{again}")
        except _Alone as reason:
            why = str(reason)
    return Ways(ways, _one_by_one(session, record, ways), f"one by one ({why}){again}")


def _completed(session: Session, record: Record, way: tuple[Patch, ...], changes: Sequence[Changes]) -> tuple[Record, str]:
    """The record with what every way needs and nobody stored, made once; and how much ran for that, in words."""
    stored, run = record.run.stored(), record.run
    todo = part(session.graph, stored, record.patches, way, seen_of(run), run.device)
    read = {v.producer for layer in todo.layers if todo.states[layer] != AGAIN for v in layer.reads if isinstance(v, Value)}
    wanted = {layer for layer in read if layer is not None and todo.states[layer] == AGAIN}
    wanted |= {x for one in changes for x, change in one.layers.items() if not is_absolute(change) or len(x.outputs) > 1}
    lacking = {layer for layer in wanted if not all(v is None or v in stored for v in layer.outputs)}
    if not lacking:
        return record, ""
    rules = [Store(tuple(layer.name for layer in lacking)), *run.plan.policy.rules]
    made = session.resume(record, (), store=rules, wanted=lacking)
    ran = len(made.run.ran or ())
    return made, f", after {ran} layers that were not stored" if ran > 1 else ", after a layer that was not stored"


class _Alone(Exception):
    """Why these ways cannot be one batch."""


def _one_by_one(session: Session, record: Record, ways: Sequence[tuple[Patch, ...]]) -> dict[str, Any]:
    """Each resumed by itself, from a record that keeps nothing new."""
    return _together([session.resume(record, way, store=False).outputs for way in ways])


def _together(each: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: _stacked([one[name] for one in each]) for name in each[0]}


def _stacked(values: list[Any]) -> Any:
    alike = all(is_tensor(v) for v in values) and len({(v.shape, v.dtype) for v in values}) == 1
    return torch.stack(values) if alike else values


def _batched(
    session: Session, record: Record, way: tuple[Patch, ...], changes: Sequence[Changes], batch: int | None
) -> dict[str, Any]:
    if record.run.engine is not session.engine:
        raise _Alone(f"engine {record.run.engine.name} has no batches of passes")
    stored = record.run.stored()
    todo = part(session.graph, stored, record.patches, way, seen_of(record.run), record.run.device)
    values = _changed(stored, todo, changes)
    size = min(len(changes), batch or _passes(stored, todo))
    names = record.run.plan.output_names
    parts: list[tuple[Any, ...]] = []
    for some in _chunks(values, size):
        try:
            parts.append(session.engine.sweep(todo.given, todo.layers, some, record.run.device, todo.changes))
        except LaminaeError:
            raise
        except Exception as error:  # whatever vmap cannot do: an operator that looks at values, draws, or has no rule
            raise _Alone(str(error).strip().split("\n")[0][:120] or type(error).__name__) from None
    return {name: torch.cat([made[i] for made in parts]) for i, name in enumerate(names)}


def _changed(stored: Any, todo: Part, ways: Sequence[Changes]) -> dict[Value, Any]:
    """The values that the ways change, [ways, ...] of each; all must change the same, of what is stored, to one shape."""
    columns: dict[Value, list[Any]] = {}
    for changes in ways:
        if changes.parameters or changes.inside:
            raise _Alone("a parameter or a layer in a body is patched")
        for layer, change in changes.layers.items():
            if layer in todo.layers:
                raise _Alone(f"layer {layer.name!r} runs again and is patched")
            before = tuple(None if v is None else stored.get(v) for v in layer.outputs)
            for value, made in zip(layer.outputs, change(before), strict=True):
                if value is not None:
                    columns.setdefault(value, []).append(made)
    for value, column in columns.items():
        if len(column) != len(ways) or not all(is_tensor(v) for v in column) or len({(v.shape, v.dtype) for v in column}) > 1:
            raise _Alone(f"not every way changes {value.name!r} to a tensor of one shape")
    with ordinary_tensors():
        return {value: torch.stack(column) for value, column in columns.items()}


def _chunks(values: dict[Value, Any], size: int) -> Iterator[dict[Value, Any]]:
    ways = next(iter(values.values())).shape[0] if values else 0
    for start in range(0, ways, size):
        yield {value: rows[start : start + size] for value, rows in values.items()}


def _passes(stored: Any, todo: Part) -> int:
    """How many at once: as the largest value that is made anew allows, where it is known."""
    sizes = [held.nbytes for value, held in stored.items() if value.producer in todo.layers and is_tensor(held)]
    return max(1, min(MOST_PASSES, MOST_BYTES // max(sizes, default=1)))

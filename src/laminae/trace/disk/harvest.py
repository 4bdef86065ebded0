"""Running a dataset through a model, what the store policy keeps going to a folder on the way."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from laminae.base import torch
from laminae.base.arrays import as_numpy, is_array
from laminae.base.dtypes import dtype_name
from laminae.base.errors import FileError
from laminae.data.inputs import Batch, Inputs
from laminae.engines.interface import Engine
from laminae.files.tensor_writer import raw_bytes
from laminae.ops.chance import set_state, state
from laminae.plan.policy import Policy
from laminae.trace.disk import shard
from laminae.trace.disk.folder import Folder, writing
from laminae.trace.disk.header import header
from laminae.trace.disk.values import kept
from laminae.trace.disk.writer import Writer
from laminae.trace.inputs import take
from laminae.trace.record import Record
from laminae.trace.session import Session, device_of

SHARD_BYTES = 1 << 26


@dataclass(frozen=True)
class How:
    """How a dataset is run. batch: samples at a time. shard_bytes: a shard ends with the batch that reaches as many."""

    batch: int
    engine: str = "torch"
    device: Any = None
    shard_bytes: int = SHARD_BYTES


def harvest(
    session: Session,
    data: Inputs,
    policy: Policy,
    out: str | os.PathLike[str],
    how: How,
    progress: Callable[[int], None] | None,
) -> None:
    """Run every batch that the folder does not have yet. Raises FileError where it is of something else, what a run raises."""
    runner = session.engine_named(how.engine)
    where = runner.home if how.device is None else device_of(how.device)
    told = header(session.graph, policy, how.engine, where)
    told |= {"batch": how.batch, "order": data.order, "samples": data.samples, "shard_bytes": how.shard_bytes}
    with writing(out) as folder:
        folder.begin(told)
        with threads(folder.header.get("threads")):
            batches = data.batches()
            _require_same(session, folder, batches)
            if not folder.finished:
                _run(session, runner, batches, policy, where, folder, progress)
            elif next(batches, None) is not None:
                raise _other_data(folder, "there are more than the folder has")


def _run(
    session: Session,
    engine: Engine,
    batches: Iterator[Batch],
    policy: Policy,
    device: Any,
    folder: Folder,
    progress: Callable[[int], None] | None,
) -> None:
    """The batches that are left, each written while the next one runs."""
    done = folder.samples
    with Writer(folder, folder.header["shard_bytes"]) as writer:
        for number, batch in enumerate(batches, folder.batches):
            inputs = taken(session, batch.x, device)
            with _seeded(number):
                run = engine.record(inputs, policy, device, first=done)
            writer.put(shard.Batch(batch.ids, digest(inputs), kept(Record(run, session))))
            done += batch.samples
            if progress is not None:
                progress(done)


def _require_same(session: Session, folder: Folder, batches: Iterator[Batch]) -> None:
    """Pass over the batches that the folder has. Raises FileError where they are others."""
    number = 0
    for known in folder.shards:
        inputs = hashlib.sha256()
        for ids in known.batches:
            given = next(batches, None)
            if given is None or given.ids != ids:
                raise _other_data(folder, "there are fewer" if given is None else "the batches are others")
            inputs.update(digest(taken(session, given.x, torch.device("cpu"))))
            number += 1
        if inputs.hexdigest() != known.inputs:
            raise _other_data(folder, f"in or before batch {number - 1} other values")


def _other_data(folder: Folder, what: str) -> FileError:
    rows = {"because": what, "the way out": "the same data again, or another folder"}
    return FileError(f"{str(folder.path)!r} was harvested from other data", rows)


def taken(session: Session, x: Any, device: Any) -> list[Any]:
    """What the input layers take of a batch, one value for each: one array, a tuple of several, or a dict by name."""
    given: Sequence[Any] = x if isinstance(x, tuple) else () if isinstance(x, Mapping) else (x,)
    named: Mapping[str, Any] = x if isinstance(x, Mapping) else {}
    if session.interface is not None:
        if named and set(named) == set(session.interface.names):
            given, named = (named,), {}
        given, named = session.interface.flatten(given, named), {}
    return take(session.graph, given, named, device, snapshot=True)


def digest(inputs: Sequence[Any]) -> bytes:
    """SHA-256 of values, whatever device they are on."""
    found = hashlib.sha256()
    for value in inputs:
        if not is_array(value):
            found.update(repr(value).encode("utf-8", "backslashreplace"))
            continue
        name = dtype_name(value)
        found.update(f"{name} {tuple(value.shape)}".encode())
        found.update(json.dumps(as_numpy(value).reshape(-1).tolist()).encode() if name == "string" else raw_bytes(value))
    return found.digest()


@contextmanager
def threads(count: Any) -> Iterator[None]:
    """As many as the folder was begun with: bits depend on it."""
    before = torch.get_num_threads()
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 4096:
        raise FileError(f"{count!r} is no number of threads", {"found in": "the manifest", "the way out": "a new folder"})
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _seeded(number: int) -> Iterator[None]:
    """Layers that draw, draw for each batch from its number as seed; the caller's generator is as it was afterwards."""
    before = state()
    torch.manual_seed(number)
    try:
        yield
    finally:
        set_state(before)

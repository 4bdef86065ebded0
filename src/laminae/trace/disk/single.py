"""One run as a folder: a single batch, in the same form as a whole dataset."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from laminae.base.arrays import is_array
from laminae.base.errors import FileError
from laminae.data.inputs import AS_GIVEN
from laminae.graph.fingerprint import digest as digest_of
from laminae.trace.disk.folder import Folder, writing
from laminae.trace.disk.harvest import SHARD_BYTES, digest
from laminae.trace.disk.header import header
from laminae.trace.disk.shard import Batch, Growing
from laminae.trace.disk.values import kept
from laminae.trace.record import Record


def saved(out: str | os.PathLike[str], make: Callable[[], Record]) -> Record:
    """The record of a run that is made when the folder is ready for it, and written there.

    A folder that holds the same run is left as it is. Raises FileError where it holds anything else, or cannot be written to.
    """
    with writing(out) as folder:
        record = make()
        _write(folder, record)
        return record


def _write(folder: Folder, record: Record) -> None:
    run = record.run
    inputs = [run.values[slot] for slot in run.plan.inputs]
    count = _samples(inputs)
    told = header(record.session.graph, run.plan.policy, run.engine.name, run.device)
    told |= {"batch": count, "order": AS_GIVEN, "samples": count, "shard_bytes": SHARD_BYTES}
    if record.patches:
        told["patches"] = [digest_of(p.layer, p.kind, p.value, p.axis, p.index, p.heads, p.of, p.output) for p in record.patches]
    folder.begin(told)
    growing = Growing()
    growing.add(Batch(((0, count),), digest(inputs), kept(record)))
    if folder.shards:
        if folder.shards[0].inputs != growing.inputs.hexdigest():
            rows = {"because": "the input is another", "the way out": "give another folder"}
            raise FileError(f"{str(folder.path)!r} holds another run", rows)
    else:
        folder.add(growing)
    if not folder.finished:
        folder.finish()


def _samples(inputs: list[Any]) -> int:
    """How many there are along the first axis of what has one; 1 where that is not one number."""
    counts = {int(value.shape[0]) for value in inputs if is_array(value) and len(value.shape)}
    return counts.pop() if len(counts) == 1 else 1

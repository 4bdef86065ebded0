"""A loss that is no number: which layer made it so, or the data, the weights, the loss itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.dtypes import dtype_name
from laminae.base.errors import LayerError
from laminae.base.records import Statistics
from laminae.base.statistics import statistics
from laminae.base.watched import Batch
from laminae.learn.batch_again import batch_again
from laminae.learn.step import Stepper
from laminae.learn.taking import tensor_where
from laminae.trace.record import Entry

WAY = {"the way out": "a smaller learning rate, clip_norm=1.0, a look at the data of that batch"}
SMALL = {"the way out": "precision='bf16', whose numbers go as far as those of float32"}


def refuse(step: Stepper, batch: Batch) -> NoReturn:
    """Raises LayerError naming the weights that hold NaN or infinity already, or the first layer that made one, the expectation
    that holds one, or the loss. The pass runs again to see."""
    value = float(batch.loss)
    broken = [name for name, tensor in step.weights.items() if not bool(torch.isfinite(tensor).all())]
    if broken:
        because = f"weights hold no numbers any more: {_listed(broken)}"
        raise LayerError(f"the loss is {value} at {batch.where}", {"because": because, **WAY})
    with batch_again(step, batch) as record:
        entries = record.entries
        outputs = record.run.outputs
    for entry in entries:
        found = next((v for v in entry.values if v is not None and _bad(v)), None)
        if found is not None:
            kind = "input" if entry.is_input else "layer"
            told = f"the loss is {value} at {batch.where}: {kind} {entry.name!r} is the first with no numbers"
            raise _located(LayerError(told, _rows(entry, found)), found if entry.is_input else None)
    if _bad_samples(batch.expected):
        told = f"the loss is {value} at {batch.where}: the expectation holds no numbers"
        rows = {"expected": "numbers", "found": f"NaN or infinity at {_samples(batch.expected)}"}
        raise _located(LayerError(told, rows), batch.expected)
    raise LayerError(f"the loss is {value} at {batch.where}", _of_loss(step, outputs[step.place], batch.expected))


def _rows(entry: Entry, value: Any) -> Mapping[str, object]:
    """What one layer made, and what can be done."""
    told = _bad(value)
    assert told is not None
    rows = {"operator": entry.op, "layer": entry.name, "made": f"{told.nan} NaN, {told.inf} infinite"}
    if entry.is_input:
        return {**rows, "at": _samples(value), "the way out": "mend or leave out these samples"}
    if dtype_name(value) == "float16":
        return {**rows, "in": "float16, whose numbers end at 65504", **SMALL}
    return {**rows, **WAY}


def _of_loss(step: Stepper, output: Any, expected: Any) -> Mapping[str, object]:
    """A loss that made it of numbers: how large they were."""
    rows = {"because": f"{step.loss!r} made it of numbers", "output": _span(output)}
    if is_tensor(wanted := tensor_where(expected)):
        rows["expectation"] = _span(wanted)
    return {**rows, **(SMALL if dtype_name(output) == "float16" else WAY)}


def _bad(value: Any) -> Statistics | None:
    """The statistics of a value that holds NaN or infinity."""
    found = statistics(value) if is_tensor(value) else None
    return found if found is not None and found.nan + found.inf else None


def _bad_samples(value: Any) -> list[int]:
    """The places of the samples that hold NaN or infinity."""
    tensor = tensor_where(value)
    if not is_tensor(tensor) or not tensor.is_floating_point() or not tensor.ndim:
        return []
    bad: list[int] = (~torch.isfinite(tensor)).reshape(len(tensor), -1).any(1).nonzero().flatten().tolist()
    return bad


def _samples(value: Any) -> str:
    """The same in words."""
    return f"sample {_listed(_bad_samples(value))} of the batch (from 0)"


def _located(error: LayerError, value: Any) -> LayerError:
    """With the first sample to blame, for whoever knows where it is from."""
    error.sample = next(iter(_bad_samples(value)), None)
    return error


def _span(value: Any) -> str:
    told = statistics(value)
    return f"{dtype_name(value)}, from {told.min:.4g} to {told.max:.4g}" if told.min is not None else dtype_name(value)


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(map(repr, names[:4])) + (f" and {len(names) - 4} more" if len(names) > 4 else "")

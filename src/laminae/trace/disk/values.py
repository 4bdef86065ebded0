"""What a run has kept, value by value, and each as bytes for a file and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, as_value, facts, is_array, is_tensor
from laminae.base.dtypes import dtype_name, numpy_dtype
from laminae.base.errors import FileError
from laminae.base.host import HostArray
from laminae.base.records import Histogram, Statistics
from laminae.engines.run import Run
from laminae.files.tensor_writer import raw_bytes
from laminae.plan.plan import WHOLE
from laminae.plan.store import Store
from laminae.trace.record import Record


@dataclass(frozen=True)
class Kept:
    """One output of one turn of a layer. layer, path: as in the trace. output: which of `outputs`. every: of the store rule that
    kept it; its samples are those whose number is a multiple of it."""

    layer: str
    path: str
    op: str
    output: int
    outputs: int
    every: int
    value: Any


def kept(record: Record) -> list[Kept]:
    """What the store policy asked for, in forward order, layers in bodies included; not an output that nobody named."""
    found = []
    for entry, rule in zip(record.entries, _rules(record.run), strict=True):
        if rule is None or rule is WHOLE:
            continue
        for i, value in enumerate(entry.values):
            if value is not None:
                found.append(Kept(entry.name, entry.path, entry.op, i, len(entry.values), rule.every, value))
    return found


def _rules(run: Run) -> Iterator[Store | None]:
    """The store rule of each turn of a layer, in the order of the entries."""
    for step in run.plan.order:
        yield step.rule
        for _, inner in run.inner.get(step.layer, ()):
            yield from _rules(inner)


@dataclass(frozen=True)
class Written:
    """A value as it stands in a file. data: its bytes, elements in C order, texts as JSON; None where `record` says all."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview | None
    record: Any = None


def written(value: Any) -> Written | None:
    """A value for the disk; None for what no file takes: sequences, maps, sparse tensors.

    Statistics, histograms and single numbers become records. Elements smaller than a byte take one each.
    """
    if isinstance(value, Statistics | Histogram):
        return Written(type(value).__name__.lower(), (), None, _plain(asdict(value)))
    if isinstance(value, bool | int | float):
        return Written("number", (), None, _plain(value))
    if not is_array(value) or (is_tensor(value) and str(value.layout) != "torch.strided"):
        return None
    name, shape = dtype_name(value), tuple(value.shape)
    if name == "string":
        texts = [text if isinstance(text, str) else str(text) for text in as_numpy(value).reshape(-1)]
        return Written(name, shape, memoryview(json.dumps(texts).encode()))
    if isinstance(value, HostArray):
        return Written(name, shape, np.ascontiguousarray(value.array).reshape(-1).view(np.uint8).data)
    return Written(name, shape, raw_bytes(value))


def read(dtype: str, shape: Sequence[int], data: memoryview, *, own: bool = False) -> Any:
    """The value again, in memory of its own: a tensor, or a HostArray for what torch cannot hold.

    own: nobody else has the data, which need not be copied. Raises FileError for texts that are none.
    """
    if dtype == "string":
        return HostArray(_texts(bytes(data), math.prod(shape)).reshape(shape))
    array = np.frombuffer(data, np.uint8)
    return as_value((array if own else array.copy()).view(numpy_dtype(dtype)).reshape(shape))


def _texts(data: bytes, count: int) -> np.ndarray[Any, Any]:
    try:
        found = json.loads(data)
        if not isinstance(found, list) or len(found) != count or not all(isinstance(text, str) for text in found):
            raise ValueError("other texts than the manifest says")
    except (ValueError, RecursionError) as problem:
        raise FileError("a shard is damaged: its texts cannot be read", {"because": str(problem)[:200]}) from None
    texts = np.empty(count, dtype=object)
    texts[:] = found
    return texts


def _plain(held: Any) -> Any:
    """Numbers that JSON lacks as texts, so that any reader takes them: NaN, Infinity."""
    if isinstance(held, dict):
        return {key: _plain(x) for key, x in held.items()}
    if isinstance(held, list | tuple):
        return [_plain(x) for x in held]
    return repr(held) if isinstance(held, float) and not np.isfinite(held) else held


def left_out(value: Any) -> str:
    """What a value is that no file takes, in words."""
    known = facts(value)
    return known[1] if known else type(value).__name__

"""A shard: the values of some batches as one .safetensors file, each layer's together. https://huggingface.co/docs/safetensors

A layer's values stand one after another in C order, without padding: as rows of the trailing axes that they share, so that texts
of unequal length are [tokens, width]. The manifest has the shape of each.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laminae.base.dtypes import numpy_dtype
from laminae.files.atomic import replacing
from laminae.files.hashed import Hashed
from laminae.files.weights import CODES, HEADER, ORDER
from laminae.graph.graph import unique_name
from laminae.trace.disk.manifest import Column, Runs, Shard
from laminae.trace.disk.values import Kept, Written, left_out, written


@dataclass(frozen=True)
class Batch:
    """One batch that ran. ids: the places of its samples in the data. digest: of what the input layers were given."""

    ids: Runs
    digest: bytes
    kept: Sequence[Kept]


@dataclass
class _Growing:
    """A column while batches are added to it."""

    kept: Kept
    dtype: str
    parts: list[Written] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)


class Growing:
    """A shard in memory, until it is large enough to be written. bytes: of its values so far."""

    def __init__(self) -> None:
        self.columns: dict[tuple[str, int, str], _Growing] = {}
        self.ids: list[Runs] = []
        self.inputs: Any = hashlib.sha256()
        self.left_out: dict[str, str] = {}
        self.bytes = 0

    def add(self, batch: Batch) -> None:
        """The values of one more batch; from now on it keeps them."""
        for kept in batch.kept:
            made = written(kept.value)
            if made is None:
                self.left_out[kept.layer] = left_out(kept.value)
                continue
            column = self.columns.setdefault((kept.layer, kept.output, made.dtype), _Growing(kept, made.dtype))
            column.parts.append(made)
            column.batches.append(len(self.ids))
            self.bytes += 0 if made.data is None else made.data.nbytes
        self.ids.append(batch.ids)
        self.inputs.update(batch.digest)

    def write(self, path: Path) -> Shard:
        """Write the file, to the disk, in one step. Raises OSError."""
        columns = _named(self.columns.values())
        stored = sorted(columns, key=lambda column: -ORDER.get(column[1].dtype, ORDER["uint8"]))
        tensors = [(column, grown) for grown, column in stored if column.key]
        head = _header([column for column, _ in tensors])
        with replacing([path]) as (file,):
            hashed = Hashed(file)
            hashed.write(struct.pack("<Q", len(head)) + head)
            for _, grown in tensors:
                for part in grown.parts:
                    hashed.write(part.data)
        digests = hashed.sha256.hexdigest(), self.inputs.hexdigest()
        return Shard(path.name, hashed.bytes, *digests, tuple(self.ids), tuple(column for _, column in columns), self.left_out)


def _named(columns: Iterable[_Growing]) -> list[tuple[_Growing, Column]]:
    """The columns, in forward order, each tensor with a name of its own in the file."""
    taken = {HEADER}
    found = []
    for grown in columns:
        kept, parts = grown.kept, grown.parts
        name = kept.layer if kept.outputs == 1 else f"{kept.layer}:{kept.output}"
        key = "" if parts[0].data is None else unique_name(name.encode("utf-8", "backslashreplace").decode(), taken)
        taken.add(key)
        sizes = tuple(part.data.nbytes for part in parts if part.data is not None) if grown.dtype == "string" else ()
        records = tuple(part.record for part in parts) if not key else ()
        facts = (kept.layer, kept.path, kept.op, kept.output, kept.outputs, kept.every, grown.dtype)
        shapes = tuple(part.shape for part in parts)
        found.append((grown, Column(key, *facts, shapes, tuple(grown.batches), sizes, records)))
    return found


def tensor(column: Column) -> tuple[str, list[int]]:
    """The dtype and shape under which a column stands in its file: bytes in a row where the format lacks the dtype."""
    if column.dtype not in CODES:
        return CODES["uint8"], [column.bytes]
    return CODES[column.dtype], _together(column)


def _together(column: Column) -> list[int]:
    """Rows of the trailing axes that all shapes share."""
    shapes = set(column.shapes)
    deepest = min(map(len, shapes))
    shared = 0
    while shared < deepest - 1 and len({shape[-1 - shared] for shape in shapes}) == 1:
        shared += 1
    trailing = list(column.shapes[0][len(column.shapes[0]) - shared :])
    elements = column.bytes // numpy_dtype(column.dtype).itemsize
    return [elements // math.prod(trailing), *trailing] if elements else [0]


def _header(columns: Sequence[Column]) -> bytes:
    """What the tensors are and where; padded with spaces, so that the first one is aligned."""
    content: dict[str, Any] = {HEADER: {"format": "pt"}}
    at = 0
    for column in columns:
        dtype, shape = tensor(column)
        end = at + column.bytes
        content[column.key] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)

"""The manifest of a folder of activations: a line of JSON for the run as a whole, one for each shard, one that all is there.

Nothing it says is believed: names are files of its own folder, numbers are counted against the bytes that are there.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from laminae.base.dtypes import CODES, numpy_dtype
from laminae.base.errors import FileError

NAME = "manifest.jsonl"
FORMAT = 1
START = b'{"laminae":"activations"'
"""How every manifest begins: what begins otherwise is not ours."""

LARGEST = 1 << 28
"""Bytes of a manifest, at most; what it describes may be without limit."""

SHARD = re.compile(r"\d{6,12}\.safetensors")
RECORDS = ("statistics", "histogram", "number")
"""What stands in the manifest itself, batch by batch."""

Runs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Column:
    """What one layer's output left in one shard.

    key: the tensor's name in the file, "" for records. shapes: of its value in each batch it ran in; batches: the numbers of
    these in the shard. sizes: bytes of each, where the shapes do not tell (texts). records: in place of tensors.
    """

    key: str
    layer: str
    path: str
    op: str
    output: int
    outputs: int
    every: int
    dtype: str
    shapes: tuple[tuple[int, ...], ...]
    batches: tuple[int, ...]
    sizes: tuple[int, ...] = ()
    records: tuple[Any, ...] = ()

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Bytes of its value in each batch."""
        if self.sizes or self.dtype in RECORDS:
            return self.sizes
        size = numpy_dtype(self.dtype).itemsize
        return tuple(size * math.prod(shape) for shape in self.shapes)

    @cached_property
    def bytes(self) -> int:
        """Of all its values."""
        return sum(self.lengths)


@dataclass(frozen=True)
class Shard:
    """A file of tensors of some batches, one after another. batches: of each the places of its samples in the data, as runs.

    inputs: SHA-256 of what was given to the input layers. left_out: layer → what it made that no file takes.
    """

    file: str
    bytes: int
    sha256: str
    inputs: str
    batches: tuple[Runs, ...]
    columns: tuple[Column, ...]
    left_out: Mapping[str, str]

    @property
    def samples(self) -> int:
        return sum(count for runs in self.batches for _, count in runs)


def line(content: Mapping[str, Any]) -> bytes:
    """As it stands in the manifest."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def shard_line(shard: Shard) -> bytes:
    tensors = []
    for c in shard.columns:
        told: dict[str, Any] = {"key": c.key, "layer": c.layer, "path": c.path, "op": c.op, "dtype": c.dtype}
        told |= {"output": c.output, "outputs": c.outputs} if c.outputs > 1 else {}
        told |= {"every": c.every} if c.every > 1 else {}
        told |= {"shape": c.shapes[0]} if len(set(c.shapes)) == 1 else {"shapes": c.shapes}
        told |= {"batches": c.batches} if len(c.batches) < len(shard.batches) else {}
        told |= {"sizes": c.sizes} if c.sizes else {}
        told |= {"records": c.records} if c.records else {}
        tensors.append(told)
    facts = {"shard": shard.file, "bytes": shard.bytes, "sha256": shard.sha256, "inputs": shard.inputs}
    return line(facts | {"batches": shard.batches, "tensors": tensors, "left_out": dict(shard.left_out)})


def end_line(batches: int, samples: int) -> bytes:
    return line({"end": {"batches": batches, "samples": samples}})


@dataclass(frozen=True)
class Manifest:
    """header: of the run as a whole. finished: whether the last line says that all is there. length: bytes of the sound lines."""

    header: Mapping[str, Any]
    shards: tuple[Shard, ...]
    finished: bool
    length: int

    @property
    def samples(self) -> int:
        return sum(shard.samples for shard in self.shards)


def parse(data: bytes, name: str) -> Manifest | None:
    """The manifest; None where not even its first line is whole. A last line that is torn is left out.

    name: of the folder, for messages. Raises FileError where it is none of ours, or damaged before its last line.
    """
    if not (data.startswith(START) or START.startswith(data)):
        raise FileError(f"{name!r} is no folder of activations", {"because": f"its {NAME} is another program's"})
    lines = data.split(b"\n")
    torn = lines.pop()
    if not lines:
        return None
    header = _object(lines[0], name, 1)
    if header.get("format") != FORMAT:
        raise FileError(f"{name!r} is of another version of Laminae", {"format": header.get("format"), "known": FORMAT})
    shards, finished = [], False
    for number, text in enumerate(lines[1:], 2):
        try:
            content = _object(text, name, number)
            finished = finished or "end" in content
            if "end" not in content:
                shards.append(_shard(content, name, number))
        except FileError:
            if number == len(lines) and not torn:  # blocks that a power cut left unwritten
                return Manifest(header, tuple(shards), False, len(data) - len(text) - 1)
            raise
    return Manifest(header, tuple(shards), finished, len(data) - len(torn))


def _object(text: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _damaged(name, number, "it is no JSON object")
    return found


def _damaged(name: str, number: int, because: str) -> FileError:
    rows = {"because": because, "way out": "harvest into a new folder"}
    return FileError(f"line {number} of the manifest of {name!r} is damaged", rows)


def _shard(content: Mapping[str, Any], name: str, number: int) -> Shard:
    try:
        batches = tuple(tuple((_whole(at), _whole(n)) for at, n in runs) for runs in content["batches"])
        columns = tuple(_column(told, len(batches)) for told in content["tensors"])
        file, left = _text(content["shard"]), {_text(k): _text(v) for k, v in content["left_out"].items()}
        if not batches:
            raise ValueError("a shard is of no batch")
        if SHARD.fullmatch(file) is None:
            raise ValueError(f"{file[:80]!r} is no shard's name")
        digests = _text(content["sha256"]), _text(content["inputs"])
        return Shard(file, _whole(content["bytes"]), *digests, batches, columns, left)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        because = f"{problem} is missing" if isinstance(problem, KeyError) else str(problem)
        raise _damaged(name, number, because[:200]) from None


def _column(told: Mapping[str, Any], batches: int) -> Column:
    within = tuple(map(_whole, told.get("batches", range(batches))))
    if not within or list(within) != sorted(within) or any(place >= batches for place in within):
        raise ValueError("a tensor is of batches that are not there")
    shapes = tuple(map(_sizes, told["shapes"])) if "shapes" in told else (_sizes(told["shape"]),) * len(within)
    dtype, sizes, records = _text(told["dtype"]), _sizes(told.get("sizes", ())), tuple(told.get("records", ()))
    if dtype not in CODES and dtype not in RECORDS:
        raise ValueError(f"there is no dtype {dtype[:40]!r}")
    if len(shapes) != len(within) or len(sizes) != (len(within) if dtype == "string" else 0):
        raise ValueError("a tensor has other shapes than batches")
    if len(records) != (len(within) if dtype in RECORDS else 0):
        raise ValueError("a layer has other records than batches")
    output, outputs, every = _whole(told.get("output", 0)), _whole(told.get("outputs", 1)), _whole(told.get("every", 1))
    if output >= outputs or not every:
        raise ValueError("a tensor is of an output that is not there")
    key, layer, path, op = (_text(told[word]) for word in ("key", "layer", "path", "op"))
    if bool(key) == (dtype in RECORDS):
        raise ValueError("a tensor has no name in its file")
    return Column(key, layer, path, op, output, outputs, every, dtype, shapes, within, sizes, records)


def _text(held: Any) -> str:
    if not isinstance(held, str):
        raise ValueError(f"{str(held)[:40]!r} is no text")
    return held


def _whole(held: Any) -> int:
    if not isinstance(held, int) or isinstance(held, bool) or not 0 <= held < 1 << 62:
        raise ValueError(f"{str(held)[:40]!r} is no number of anything")
    return held


def _sizes(held: Sequence[Any]) -> tuple[int, ...]:
    return tuple(map(_whole, held))

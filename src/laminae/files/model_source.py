"""From a path, bytes or a ModelProto to a parsed model whose weights are still in the file."""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, LaminaeError, UsageError
from laminae.files.external import ExternalData, map_file
from laminae.files.lazy import onnx
from laminae.files.reading import Reading
from laminae.files.recognise import recognise
from laminae.files.skim import Malformed, Truncated, nested, skim

UNKNOWN = 1 << 20
"""Bytes of fields from later versions of ONNX that are kept, at most."""

HEAD = 4096
"""Bytes by which a file is recognised."""


def open_model(source: Any) -> tuple[Any, Reading]:
    """The ModelProto of a source, and what reading it needs. Raises FileError where there is none."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(os.fspath(source))
        buffer = open_file(path)
        return _parse(buffer, Reading(str(path), ExternalData(path)))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _parse(memoryview(source).cast("B"), Reading("bytes", ExternalData(None)))
    if isinstance(source, onnx.ModelProto):
        return source, Reading("ModelProto", ExternalData(None))
    raise UsageError(
        f"cannot open {type(source).__name__!r} as an ONNX model", {"expected": "a path, bytes or an onnx.ModelProto"}
    )


def open_file(path: Path) -> Any:
    """A file mapped into memory. Raises FileError where it is not there, no file, empty or not to be read."""
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise FileError(f"{str(path)!r} is a folder", {"expected": "an .onnx file", "it holds": _models_in(path)})
        if not stat.S_ISREG(found.st_mode):
            raise FileError(f"{str(path)!r} is not a regular file", {"expected": "an .onnx file"})
        if found.st_size == 0:
            raise FileError(f"{str(path)!r} is empty", {"found": "0 bytes", "way out": "fetch or save the file again"})
        return map_file(path)
    except FileNotFoundError as problem:
        raise FileError(f"there is no file {str(path)!r}", _near(path)) from problem
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise FileError(f"{str(path)!r} cannot be read: {why}") from problem


def _models_in(folder: Path) -> str:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".onnx"))
    except OSError:
        names = []
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "") or "no .onnx file"


def _near(path: Path) -> dict[str, object]:
    if not path.parent.is_dir():
        return {"because": f"there is no folder {str(path.parent)!r}"}
    try:
        near = difflib.get_close_matches(path.name, [entry.name for entry in os.scandir(path.parent)][:5000], n=3)
    except OSError:
        near = []
    return {"did you mean": ", ".join(near)} if near else {"in folder": path.parent.resolve()}


def _parse(buffer: Any, reading: Reading) -> tuple[Any, Reading]:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    reading.head = bytes(buffer[:HEAD])
    try:
        skeleton, reading.cuts = skim(buffer)
        proto = onnx.ModelProto.FromString(skeleton)
        _check_unknown(proto, skeleton, reading)
        return proto, reading
    except Truncated as cut:
        raise _cut_short(reading, len(buffer), cut.claims) from cut
    except (Malformed, DecodeError) as problem:
        if nested(buffer):
            raise FileError(
                "the model's graphs are nested too deep",
                {"file": reading.label, "expected": "bodies in bodies at most 32 deep, which is where protobuf stops"},
            ) from problem
        raise not_onnx(reading.label, reading.head, "its bytes are no protobuf message") from problem


def _check_unknown(proto: Any, skeleton: bytes, reading: Reading) -> None:
    """Raises ModelError for more unknown fields than could be meant: protobuf takes 40 times their size to list them."""
    known = onnx.ModelProto.FromString(skeleton)
    known.DiscardUnknownFields()
    size = proto.ByteSize() - known.ByteSize()
    if size > UNKNOWN:
        raise reading.error(
            f"the model has {size:,} bytes of fields that this version of ONNX does not know",
            {"expected": f"{UNKNOWN:,} at most", "way out": "install a newer onnx package, if it is a newer model"},
        )


def _cut_short(reading: Reading, there: int, claims: int) -> LaminaeError:
    if recognise(reading.head) is not None or claims > 1 << 42:
        return not_onnx(reading.label, reading.head, "its bytes are no protobuf message")
    return FileError(
        f"{reading.label!r} was cut short",
        {"there are": f"{there:,} bytes", "it claims": f"at least {claims:,}", "way out": "fetch or save the file again"},
    )


def not_onnx(label: str, head: bytes, because: str) -> LaminaeError:
    """The error for what is no ONNX model: what it looks like, and the way out."""
    likeness = recognise(head)
    if likeness is None:
        return FileError(f"{label!r} is not an ONNX model", {"because": because, "expected": "a serialized onnx.ModelProto"})
    details = {"looks like": likeness.looks_like, "because": because}
    return FileError(
        f"{label!r} is not an ONNX model", {**details, **({"way out": likeness.way_out} if likeness.way_out else {})}
    )

"""What a file says that the graph has no place for: kept with the metadata, and written back.

Each message's rest (unknown fields of later ONNX versions among it) is a message of its own kind, as base64 under `onnx.kept`.
"""

from __future__ import annotations

import base64
from typing import Any

from laminae.base.errors import FileError
from laminae.files.lazy import onnx
from laminae.files.reading import Reading
from laminae.files.skim import encode_varint

KEPT = "onnx.kept"
"""Key in the metadata of layers, values, parameters and functions."""

KEPT_INFO = "onnx.kept.info"
"""Key in the metadata of a parameter: what a ValueInfoProto says of it that its array does not."""

SPARSE = "laminae.sparse"
"""Key in the metadata of a parameter that its file has as a sparse tensor, and so will the next."""

PHASE = "laminae.phase"
"""Key in the metadata of a layer in its training phase: what it was in the other."""

OURS = (KEPT, KEPT_INFO, SPARSE, PHASE)


def keep(metadata: dict[str, str], rest: Any, message: Any, *, key: str = KEPT) -> None:
    """Put the rest of a message, and the fields of it that nobody knows, among the metadata."""
    data = rest.SerializeToString() + unknown_fields(message)
    if data:
        metadata[key] = base64.b64encode(data).decode()


def kept(metadata: dict[str, str], kind: Any, *, key: str = KEPT) -> Any | None:
    """The message of that kind that was kept, None where there is none. Raises FileError where it is no such message."""
    if key not in metadata:
        return None
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        return kind.FromString(base64.b64decode(metadata[key], validate=True))
    except (DecodeError, ValueError) as problem:
        raise FileError(
            f"the metadata {key!r} is not what opening a file put there", {"way out": f"delete the key {key!r}"}
        ) from problem


def unknown_fields(message: Any) -> bytes:
    """The fields of a message that this version of ONNX does not know, in wire format."""
    from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]

    fields = UnknownFieldSet(message)
    return _encode(fields) if len(fields) else b""


def _encode(fields: Any) -> bytes:
    out = bytearray()
    for field in fields:
        tag, wire, data = field.field_number << 3, field.wire_type, field.data
        out += encode_varint(tag | wire)
        if wire == 0:
            out += encode_varint(data)
        elif wire == 2:
            out += encode_varint(len(data)) + data
        elif wire == 3:
            out += _encode(data) + encode_varint(tag | 4)
        else:
            out += data.to_bytes(8 if wire == 1 else 4, "little")
    return bytes(out)


def read_metadata(entries: Any, what: str, reading: Reading) -> dict[str, str]:
    """Metadata of a file as a dict. Raises ModelError for the key that is ours."""
    found = {}
    for entry in entries:
        key = reading.text(entry.key, f"a metadata key of {what}")
        found[key] = reading.text(entry.value, f"the metadata {key!r} of {what}")
    for key in OURS:
        if key in found:
            raise reading.error(f"{what} has metadata named {key!r}, a name that is taken", {"way out": "rename that metadata"})
    return found


def write_metadata(entries: Any, metadata: dict[str, str]) -> None:
    """A dict as metadata of a file, without what is ours."""
    for key, value in metadata.items():
        if key not in OURS:
            entries.append(onnx.StringStringEntryProto(key=key, value=value))

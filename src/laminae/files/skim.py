"""Cut the weights out of an ONNX file without reading them: only the rest, the skeleton, is parsed.

Walks the protobuf wire format (https://protobuf.dev/programming-guides/encoding/) and puts a token in place of each large
`raw_data`. The token starts with a secret of this walk, so no file can hold one of its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

SMALL = 1024
"""Messages and data of fewer bytes are left in the skeleton."""

STEPS = 1 << 21
"""Fields that are walked; what comes after goes to the parser whole. Bounds the time for files made of tiny fields."""

DEEPEST = 100
"""Messages inside messages that protobuf parses; the walk goes no deeper."""

MODEL_WIRES = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""Field number → wire type of ModelProto."""

INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph"},
    "tensor": {9: "data"},
}
"""Message → the fields that hold messages in which weights are found (onnx.proto)."""


class Malformed(Exception):
    """The bytes are no protobuf message."""


class Truncated(Exception):
    """The file ends inside a field. claims: the bytes it would have at least."""

    def __init__(self, claims: int) -> None:
        self.claims = claims


@dataclass
class Cuts:
    """What was cut out: (offset, length) in the buffer for each token."""

    buffer: Any
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    spans: list[tuple[int, int]] = field(default_factory=list)

    def token(self, offset: int, length: int) -> bytes:
        self.spans.append((offset, length))
        return self.secret + (len(self.spans) - 1).to_bytes(8, "little")

    def find(self, raw: bytes) -> tuple[int, int] | None:
        """Where the data lie that this token stands for; None where it is no token but data."""
        if len(raw) != 24 or not raw.startswith(self.secret):
            return None
        return self.spans[int.from_bytes(raw[16:], "little")]


def skim(buffer: Any) -> tuple[bytes, Cuts]:
    """The skeleton of a serialized ModelProto, and where its weights lie.

    buffer: bytes or a map, not copied. Raises Truncated or Malformed.
    """
    walk = _Walk(buffer)
    return b"".join(walk.message("model", 0, len(buffer), 0)), walk.cuts


def nested(buffer: Any) -> bool:
    """Whether graphs are nested deeper than protobuf parses."""
    walk = _Walk(buffer, small=2)
    with suppress(Malformed, Truncated):
        walk.message("model", 0, len(buffer), 0)
    return walk.deepest >= DEEPEST - 10


def encode_varint(number: int) -> bytes:
    """A number as protobuf writes lengths and tags."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class _Walk:
    def __init__(self, buffer: Any, small: int = SMALL) -> None:
        self.buffer = buffer
        self.view = memoryview(buffer)
        self.cuts = Cuts(buffer)
        self.small = small
        self.steps = 0
        self.deepest = 0
        self.strange = False

    def varint(self, at: int, end: int) -> tuple[int, int]:
        number = shift = 0
        while at < end and shift < 70:
            byte: int = self.buffer[at]
            at += 1
            number |= (byte & 127) << shift
            if byte < 128:
                return number, at
            shift += 7
        raise Malformed

    def message(self, kind: str, start: int, end: int, depth: int) -> list[Any]:
        """The pieces of a message, with tokens for what was cut out of it."""
        inside, pieces, kept, at = INSIDE[kind], [], start, start
        self.deepest = max(self.deepest, depth)
        while at < end and self.steps < STEPS:
            self.steps += 1
            begin = at
            tag, at = self.varint(at, end)
            if kind == "model" and MODEL_WIRES.get(tag >> 3) != tag & 7:
                self.strange = True
            stop = self.skip(tag & 7, at, end)
            if tag & 7 == 2 and tag >> 3 in inside and stop - at >= self.small and depth < DEEPEST:
                _, at = self.varint(at, end)
                new = self.replace(inside[tag >> 3], at, stop, depth)
                if new is not None:
                    pieces += [self.view[kept:begin], encode_varint(tag), encode_varint(sum(map(len, new))), *new]
                    kept = stop
            at = stop
        return [*pieces, self.view[kept:end]]

    def replace(self, kind: str, start: int, end: int, depth: int) -> list[Any] | None:
        """What to write in place of a field's content; None where it stays as it is."""
        if kind == "data":
            return [self.cuts.token(start, end - start)] if end - start >= self.small else None
        pieces = self.message(kind, start, end, depth + 1)
        return pieces if len(pieces) > 1 else None

    def skip(self, wire: int, at: int, end: int) -> int:
        """Where the field that starts at `at` ends."""
        if wire == 0:
            return self.varint(at, end)[1]
        if wire == 2:
            size, at = self.varint(at, end)
            stop = at + size
        elif wire in (1, 5):
            stop = at + (8 if wire == 1 else 4)
        else:
            raise Malformed
        if stop > end:
            if end < len(self.buffer) or self.strange:
                raise Malformed
            raise Truncated(stop)
        return stop

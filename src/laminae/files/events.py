"""TensorBoard's event files: one record after another, each a message with a time, a step and named numbers.

A record is its length (8 bytes), a checksum of the length, the message, a checksum of it. The checksums are CRC-32C, masked.
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/io/record_writer.h (the records),
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto and framework/summary.proto (the messages).
"""

from __future__ import annotations

import os
import secrets
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from laminae.base.errors import FileError
from laminae.base.records import Histogram, Statistics

VERSION = b"brain.Event:2"

POLYNOMIAL = 0x82F63B78
"""Of CRC-32C (Castagnoli), its bits from the last to the first. RFC 3720, section 12.1."""


class Events:
    """A new event file in a folder, which is made where it is not there. Raises FileError where it cannot be.

    Numbers reach the disk at `flush`. What was flushed is whole whatever happens after: readers stop at a broken last record.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        place = Path(os.fspath(folder))
        name = f"events.out.tfevents.{time.time():017.6f}.{socket.gethostname()}.{secrets.token_hex(4)}"
        self.path = place / name
        try:
            place.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = open(self.path, "xb")  # noqa: SIM115 - open until `close`
        except OSError as problem:
            raise FileError(f"{str(place)!r} can hold no event file", {"because": problem.strerror or problem}) from problem
        self._record(_double(1, time.time()) + _bytes(3, VERSION))

    def begin(self, step: int) -> None:
        """From this step on what older files of the folder tell is void: readers leave it out."""
        self._record(_double(1, time.time()) + _key(2, 0) + _varint(step) + _bytes(7, _key(1, 0) + _varint(1)))

    def scalar(self, tag: str, step: int, value: float, when: float | None = None) -> None:
        """A number. tag: its name, `/` makes groups. when: seconds since 1970, now unless given."""
        self._summary(_bytes(1, tag.encode()) + _key(2, 5) + struct.pack("<f", _fitting(value)), step, when)

    def histogram(self, tag: str, step: int, counted: Histogram, told: Statistics) -> None:
        """How many of the finite elements lie in each bin, with their number, sum and extremes."""
        number = sum(counted.counts)
        mean, deviation = told.mean or 0.0, told.std or 0.0
        made = _double(1, told.min or 0.0) + _double(2, told.max or 0.0) + _double(3, number)
        made += _double(4, mean * number) + _double(5, (deviation**2 + mean**2) * number)
        made += _bytes(6, _doubles(counted.edges[1:])) + _bytes(7, _doubles(counted.counts))
        self._summary(_bytes(1, tag.encode()) + _bytes(5, made), step, None)

    def _summary(self, value: bytes, step: int, when: float | None) -> None:
        head = _double(1, time.time() if when is None else when) + _key(2, 0) + _varint(step)
        self._record(head + _bytes(5, _bytes(1, value)))

    def _record(self, message: bytes) -> None:
        length = struct.pack("<Q", len(message))
        self._write(b"".join((length, _masked(length), message, _masked(message))))

    def _write(self, record: bytes) -> None:
        try:
            self._file.write(record)
        except OSError as problem:
            raise FileError(f"{str(self.path)!r} cannot be written: {problem.strerror or problem}") from problem

    def flush(self) -> None:
        """What was told so far can be read."""
        try:
            self._file.flush()
        except OSError as problem:
            raise FileError(f"{str(self.path)!r} cannot be written: {problem.strerror or problem}") from problem

    def close(self) -> None:
        self.flush()
        self._file.close()


def _fitting(value: float) -> float:
    """As float32 holds it: infinite where it is too large."""
    try:
        struct.pack("<f", value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return value


def _key(field: int, kind: int) -> bytes:
    """Of a field of a message. https://protobuf.dev/programming-guides/encoding/"""
    return bytes((field << 3 | kind,))


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    made.append(number)
    return bytes(made)


def _bytes(field: int, content: bytes) -> bytes:
    return _key(field, 2) + _varint(len(content)) + content


def _double(field: int, value: float) -> bytes:
    return _key(field, 1) + struct.pack("<d", value)


def _doubles(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def _of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
    return byte


TABLE = tuple(map(_of_byte, range(256)))


def crc32c(content: bytes) -> int:
    """Table by table, a byte at a time: records are short."""
    table, crc = TABLE, 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _masked(content: bytes) -> bytes:
    """A checksum of data that holds checksums is of no use: so it is turned and moved."""
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)

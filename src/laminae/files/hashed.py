"""A file that is written, and the SHA-256 of what was written to it."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

BLOCK = 1 << 20
"""Bytes at a time: hashed while the processor still has them at hand from writing."""


class Sink(Protocol):
    """What bytes can be written to."""

    def write(self, data: Any, /) -> Any: ...


class Hashed:
    """Passes bytes on. sha256: of all of them; bytes: how many."""

    def __init__(self, file: Sink) -> None:
        self.file, self.sha256, self.bytes = file, hashlib.sha256(), 0

    def write(self, data: Any) -> None:
        whole = memoryview(data)
        if not whole.nbytes:  # Python has no word for the bytes of a view of nothing
            return
        whole = whole.cast("B")
        for start in range(0, len(whole), BLOCK):
            block = whole[start : start + BLOCK]
            self.file.write(block)
            self.sha256.update(block)
        self.bytes += len(whole)

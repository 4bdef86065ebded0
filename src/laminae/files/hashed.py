"""A file that is written, and the SHA-256 of what was written to it."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol


class Sink(Protocol):
    """What bytes can be written to."""

    def write(self, data: Any, /) -> Any: ...


class Hashed:
    """Passes bytes on. sha256: of all of them; bytes: how many."""

    def __init__(self, file: Sink) -> None:
        self.file, self.sha256, self.bytes = file, hashlib.sha256(), 0

    def write(self, data: Any) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.bytes += memoryview(data).nbytes

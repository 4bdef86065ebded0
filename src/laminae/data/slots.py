"""Arrays from one process to another through shared memory: through a pipe, a big batch would take a thousand small steps.

A slot is a file without a name that both processes have open. Who answers writes the arrays there and sends the rest, a short
message, by other means; who asked copies them out before he asks for the slot to be written again.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from typing import Any


def new_slot() -> int:
    """The descriptor of an empty slot: in memory on Linux, elsewhere a temporary file."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("laminae")
    with tempfile.TemporaryFile(prefix="laminae-") as file:
        return os.dup(file.fileno())


def put(slot: int, held: Any) -> bytes:
    """Write the arrays of anything that can be pickled; what remains, as a message for `taken`."""
    buffers: list[pickle.PickleBuffer] = []
    rest = pickle.dumps(held, 5, buffer_callback=buffers.append)
    at, sizes = 0, []
    for buffer in buffers:
        left = buffer.raw()
        sizes.append(left.nbytes)
        while left.nbytes:
            written = os.pwrite(slot, left, at)
            at, left = at + written, left[written:]
    return pickle.dumps((rest, sizes))


def taken(slot: int, message: bytes) -> Any:
    """What was put, with arrays of its own memory."""
    rest, sizes = pickle.loads(message)
    at, buffers = 0, []
    for size in sizes:
        buffers.append(bytearray(size))
        left = memoryview(buffers[-1])
        while left.nbytes:
            read = os.preadv(slot, [left], at)
            if not read:
                raise EOFError
            at, left = at + read, left[read:]
    return pickle.loads(rest, buffers=buffers)

"""What runs in a worker process: samples come once, then the cuts of an epoch, then the number of one batch after another."""

from __future__ import annotations

import contextlib
import signal
from multiprocessing.connection import Connection
from typing import Any

from laminae.base.errors import LaminaeError
from laminae.data.slots import put
from laminae.data.workers import received


def serve(descriptor: int, *slots: int) -> None:
    """Answer, through one slot after another, until the connection ends. Ctrl-C is the parent's to act on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):
        samples = received(connection)
        cuts: Any = ()
        answered = 0
        while True:
            asked = received(connection)
            if not isinstance(asked, int):
                cuts = asked
                continue
            connection.send_bytes(put(slots[answered % len(slots)], _answer(samples, cuts[asked])))
            answered += 1


def _answer(samples: Any, indices: Any) -> Any:
    try:
        return samples.batch(indices)
    except LaminaeError as error:
        return error
    except Exception as error:
        details = {"because": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
        return LaminaeError(f"{samples.place(int(indices[0]))} or one of the {len(indices) - 1} after it cannot be had", details)

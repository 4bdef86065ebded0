"""Processes that make batches, in the order in which they are wanted.

Each is an interpreter of its own that runs `laminae.data.worker` and nothing of the caller's script: no fork of a process whose
threads hold locks, and no `if __name__ == "__main__"`. It ends when its connection does, so it cannot outlive its parent.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import numpy as np

from laminae.base.errors import LaminaeError, UsageError
from laminae.data.interface import Samples
from laminae.data.order import whole
from laminae.data.slots import new_slot, taken

AHEAD = 2
"""Batches that each worker is asked for before the first of them has been taken; each has a slot of its own."""

START = "import sys; from laminae.data.worker import serve; serve(*map(int, sys.argv[1:]))"

Array = np.ndarray[Any, Any]


class Workers:
    """`count` processes over some samples: `with Workers(samples, 2) as workers: batches(samples, workers=workers)`."""

    def __init__(self, samples: Samples, count: int) -> None:
        if os.name == "nt":
            raise UsageError("worker processes need Linux or macOS", {"give": "workers=0"})
        self._count = whole(count, "workers", 1)
        self._message = _pickled(samples)
        self._busy: deque[_Worker] = deque()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        try:
            for _ in range(self._count):
                self._workers.append(_Worker(self._message))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for worker in self._workers:
            worker.end()
        self._workers = []

    def batches(self, cuts: Sequence[Array]) -> Iterator[tuple[Any, Any]]:
        """A batch for each of the cuts, in their order. Raises what making one raised, in its place, and LaminaeError for a
        worker that has died."""
        if not self._workers:
            raise UsageError("the workers have not begun", {"write": "with Workers(samples, 2) as workers: …"})
        self._finish()
        for worker in self._workers:
            worker.send(cuts)
        asked = 0
        for number in range(len(cuts)):
            while asked < len(cuts) and asked < number + AHEAD * self._count:
                self._ask(asked)
                asked += 1
            yield self._busy.popleft().take()

    def _ask(self, number: int) -> None:
        worker = self._workers[number % self._count]
        worker.send(number)
        self._busy.append(worker)

    def _finish(self) -> None:
        """What an epoch that was left early had asked for is made and thrown away."""
        while self._busy:
            with contextlib.suppress(LaminaeError):
                self._busy.popleft().take()


class _Worker:
    def __init__(self, message: bytes) -> None:
        self._connection, other = Pipe()
        self._slots = [new_slot() for _ in range(AHEAD)]
        self._taken = 0
        shared = [other.fileno(), *self._slots]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, *map(str, shared)],
                pass_fds=shared,
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C in a terminal goes to the parent's group alone
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
        finally:
            other.close()
        self._send_bytes(message)

    def send(self, held: Any) -> None:
        self._send_bytes(pickle.dumps(held, pickle.HIGHEST_PROTOCOL))

    def take(self) -> Any:
        """The next answer; an error is raised."""
        try:
            answer = taken(self._slots[self._taken % AHEAD], self._connection.recv_bytes())
            self._taken += 1
        except (EOFError, OSError):
            raise self._died() from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """At once: it writes nothing that could be left half done."""
        self._connection.close()
        self._process.kill()
        self._process.wait()
        for slot in self._slots:
            os.close(slot)
        self._slots = []

    def _send_bytes(self, message: bytes) -> None:
        try:
            self._connection.send_bytes(message)
        except OSError:
            raise self._died() from None

    def _died(self) -> LaminaeError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        said = "is silent" if code is None else f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        way = "fewer workers, or smaller batches: memory may have run out" if code == -signal.SIGKILL else "workers=0, to see why"
        return LaminaeError("a worker process has died", {"found": said, "try": way})


def _pickled(samples: Samples) -> bytes:
    try:
        return pickle.dumps(samples, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise UsageError(
            f"{type(samples).__name__} cannot be handed to another process",
            {"because": str(error).split("\n")[0], "give": "workers=0"},
        ) from None


def received(connection: Connection) -> Any:
    """What the other side has sent."""
    return pickle.loads(connection.recv_bytes())

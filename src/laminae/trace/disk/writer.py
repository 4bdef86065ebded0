"""The thread that writes while the model runs on: a batch waits at most, so that memory stays flat however long the data are."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from types import TracebackType

from laminae.trace.disk.folder import Folder
from laminae.trace.disk.shard import Batch, Growing

AT_ONCE = 2
"""Batches with the writer: the one it works on, and one that waits."""

MOST_BATCHES = 256
"""Of a shard, so that little is to be made again where little is kept of each."""


class Writer:
    """Takes batches as they are made, and gives them to the folder shard by shard.

    A shard ends with the batch that reaches `shard_bytes`, or is its `MOST_BATCHES`th, wherever the writing began. On leaving the
    block the last shard is written and the folder finished; on an exception what is not yet a whole shard is let go.
    """

    def __init__(self, folder: Folder, shard_bytes: int) -> None:
        self.folder, self.shard_bytes = folder, shard_bytes
        # not queue.Queue: Ctrl-C in the middle of its put can lose a wake-up for ever (Condition.notify)
        self._given: SimpleQueue[Batch | None] = SimpleQueue()
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(AT_ONCE):
            self._free.put(None)
        self._problem: BaseException | None = None
        self._whole = False
        self._thread = Thread(target=self._work, name="laminae-writer", daemon=True)

    def put(self, batch: Batch) -> None:
        """Hand over a batch; waits while there is no room for it. Raises what went wrong with those before."""
        self._free.get()
        if self._problem is not None:
            raise self._problem
        self._given.put(batch)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._whole = kind is None
        self._given.put(None)
        self._thread.join()
        if kind is None and self._problem is not None:
            raise self._problem

    def _work(self) -> None:
        growing = Growing()
        try:
            while (batch := self._given.get()) is not None:
                growing.add(batch)
                del batch  # the next may be long in coming
                if growing.bytes >= self.shard_bytes or len(growing.ids) >= MOST_BATCHES:
                    self.folder.add(growing)
                    growing = Growing()
                self._free.put(None)
            if self._whole:
                if growing.ids:
                    self.folder.add(growing)
                self.folder.finish()
        except BaseException as problem:
            self._problem = problem
            self._free.put(None)  # whoever waits is told

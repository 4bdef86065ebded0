"""A thread that does what is asked of it one after another, while the server goes on answering."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

Made = TypeVar("Made")


class Busy(Exception):
    """More is waiting than may wait."""


class Worker:
    """most: how many calls may wait. One thread, and always the same: torch keeps threads of its own for each that computes.

    It is a daemon, so that a long run does not hold up the end of the process.
    """

    def __init__(self, name: str, most: int) -> None:
        self._most = most
        self._waiting = 0
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def do(self, call: Callable[[], Made]) -> Made:
        """What the call gives. Raises Busy, and what the call raises. Whoever goes away before its turn is passed over."""
        if self._waiting >= self._most:
            raise Busy
        future: Future[Made] = Future()
        self._waiting += 1
        try:
            self._tasks.put((future, call))
            return await asyncio.wrap_future(future)
        finally:
            self._waiting -= 1

    def close(self, patience: float) -> bool:
        """Whether it has ended: what it is doing cannot be broken off."""
        self._tasks.put(None)
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, call = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

"""Items made ahead by a thread, while the one before is used."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")

END = object()

PATIENCE = 5.0
"""Seconds that an item at hand is waited for when whoever asked stops early; the thread ends with the process in any case."""


def ahead(items: Iterator[T], depth: int) -> Iterator[T]:
    """The same items in the same order, up to `depth` of them ready before they are asked for.

    What making one raises is raised in its place. Whoever stops early ends the thread: it finishes the item at hand.
    """
    made: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(depth)
    over = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, made, over), name="laminae-prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is END:
                return
            yield item
    finally:
        over.set()
        until = time.monotonic() + PATIENCE
        while thread.is_alive() and time.monotonic() < until:
            _emptied(made)
            thread.join(0.01)


def _fill(items: Iterator[T], made: queue.Queue[tuple[Any, BaseException | None]], over: threading.Event) -> None:
    last: tuple[Any, BaseException | None] = (END, None)
    try:
        for item in items:
            made.put((item, None))
            if over.is_set():
                break
    except BaseException as error:
        last = (END, error)
    finally:
        close = getattr(items, "close", None)  # a generator ends what it holds (worker processes) in the thread that ran it
        if close is not None:
            close()
    made.put(last)


def _emptied(made: queue.Queue[tuple[Any, BaseException | None]]) -> None:
    """Room for a thread that waits to put something."""
    while not made.empty():
        made.get_nowait()

"""A sign of life for what takes more than a second: on a terminal, on stderr, gone when done."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from laminae.cli.printing import console

PATIENCE = 1.0
"""Seconds before anything is shown."""


@contextmanager
def progress(text: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar after a second; the function it gives is told how much is done (of `total`, where that is known)."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    bar = _bar()
    task = bar.add_task(text, total=total)
    timer = threading.Timer(PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda done: bar.update(task, completed=done)
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


def _bar() -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    return Progress(*columns, console=console(stderr=True), transient=True)

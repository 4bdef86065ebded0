"""A progress bar where it is looked at: on a terminal, in a notebook; elsewhere a line for each epoch."""

from __future__ import annotations

import html
import sys
from time import perf_counter
from typing import Any, Protocol

from laminae.base.learned import EpochRecord
from laminae.base.watched import Fitting, Progress
from laminae.see.progress_bar import State, lines, of_epoch, summary

PATIENCE = 0.5
"""Seconds before anything is shown: what is over sooner says nothing."""

PAUSE, SHARE = 0.1, 0.005
"""Seconds between two looks, at least; and the share of the time that looks may take."""

WIDTH = 100
"""Columns of a notebook."""


class Screen(Protocol):
    """What shows a few lines, and others in their place."""

    @property
    def width(self) -> int: ...

    def show(self, text: str) -> None: ...

    def close(self, text: str) -> None: ...


class ProgressBar:
    """Watches a run of learning. show: None where it can be drawn anew, True elsewhere too, as a line for each epoch."""

    def __init__(self, show: bool | None = None) -> None:
        self._always = show is True
        self._screen: Screen | None = None
        self._state: State | None = None
        self._next = 0.0
        self._shown = False

    def begin(self, fitting: Fitting) -> None:
        self._state, self._screen, self._shown = State(fitting), screen(), False
        self._next = self._state.began + PATIENCE if self._screen is not None else float("inf")

    def __call__(self, told: Progress | EpochRecord) -> None:
        state = self._state
        assert state is not None
        if isinstance(told, EpochRecord):
            state.close(told)
            if self._screen is None and self._always:
                print(of_epoch(told, state.fitting), file=sys.stderr, flush=True)
        else:
            state.take(told)
        now = perf_counter()
        if now >= self._next:
            self._draw(state, now)

    def _draw(self, state: State, now: float) -> None:
        assert self._screen is not None
        start = perf_counter()
        self._screen.show("\n".join(lines(state, now, self._screen.width)))
        end = perf_counter()
        self._shown, self._next = True, end + max(PAUSE, (end - start) / SHARE)

    def end(self) -> None:
        if self._shown and self._screen is not None and self._state is not None:
            self._screen.close(summary(self._state, perf_counter(), self._screen.width))
        self._screen = None


def screen() -> Screen | None:
    """A notebook or a terminal on stderr; None where there is neither."""
    if in_notebook():
        return Notebook()
    return Terminal() if sys.stderr is not None and sys.stderr.isatty() else None


class Terminal:
    """The last lines of a terminal, drawn by Rich; what others print meanwhile stands above them."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    @property
    def width(self) -> int:
        return self._console.width

    def show(self, text: str) -> None:
        from rich.text import Text

        if not self._live.is_started:
            self._live.start()
        drawn = Text(text, no_wrap=True, overflow="crop")
        drawn.highlight_regex("[━╸]+", "cyan")
        drawn.highlight_regex("─+", "bright_black")
        self._live.update(drawn, refresh=True)

    def close(self, text: str) -> None:
        self._live.stop()
        self._console.print(text, soft_wrap=True)


class Notebook:
    """One output of a cell, written anew each time."""

    width = WIDTH

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str) -> None:
        from IPython.display import display

        data = {"text/plain": text, "text/html": f'<pre style="line-height:1.3">{html.escape(text)}</pre>'}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)

    close = show


def in_notebook() -> bool:
    """Whether a kernel runs this: what is displayed can be replaced there."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return getattr(shell, "kernel", None) is not None

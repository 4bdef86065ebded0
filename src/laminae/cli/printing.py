"""What commands print by: a console as wide as the terminal, and errors on stderr."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laminae.base.errors import LaminaeError
from laminae.see.text import clean

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
"""Columns where the output is no terminal."""


def console(*, stderr: bool = False) -> Console:
    """The console of stdout or stderr as they are now."""
    from rich.console import Console

    class Pipe(Console):
        def on_broken_pipe(self) -> None:
            raise  # called while BrokenPipeError is handled: the door says what it means

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if terminal or os.environ.get("COLUMNS", "").isdigit() else WIDTH
    return Pipe(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def show_error(error: LaminaeError) -> None:
    """`ShapeError: layer 'fc' cannot take its input`, and its details in rows."""
    from rich.text import Text

    name = "Error" if type(error) is LaminaeError else type(error).__name__
    text = Text(f"{name}: ", style="bold red")
    text.append("\n".join(map(clean, str(error).splitlines())), style="not bold default")
    console(stderr=True).print(text, soft_wrap=True)


def chapter(number: str, title: str) -> None:
    """A heading across the page."""
    console().print()
    console().rule(f" {number} · {title} ", characters="─", align="left", style="blue")
    console().print()


def paragraph(text: str, *, style: str = "") -> None:
    """Running text, broken at 80 columns or less."""
    from laminae.see.rendering import wrapped

    for line in text.split("\n"):
        for part in wrapped(line, min(console().width, 80)):
            console().print(part, style=style, soft_wrap=True)


def written(path: Path, what: str) -> None:
    """A line for a file that was written."""
    console().print(f"  wrote  {clean(str(path))}  {what}", style="green", soft_wrap=True)

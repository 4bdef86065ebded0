"""What commands print by: a console as wide as the terminal, and errors on stderr."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from laminae.base.errors import LaminaeError
from laminae.see.text import clean

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
"""Columns where the output is no terminal."""


@cache
def _console(stderr: bool, stream: int) -> Console:
    from rich.console import Console

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if terminal or os.environ.get("COLUMNS", "").isdigit() else WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def console(*, stderr: bool = False) -> Console:
    """The console of stdout or stderr as they are now."""
    return _console(stderr, id(sys.stderr if stderr else sys.stdout))


def show_error(error: LaminaeError) -> None:
    """`ShapeError: layer 'fc' cannot take its input`, and its details in rows."""
    from rich.text import Text

    name = "Error" if type(error) is LaminaeError else type(error).__name__
    text = Text(f"{name}: ", style="bold red")
    text.append("\n".join(map(clean, str(error).splitlines())), style="not bold default")
    console(stderr=True).print(text, soft_wrap=True)

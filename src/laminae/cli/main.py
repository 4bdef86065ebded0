"""The door: runs a command and turns whatever happens into an answer and an exit code.

0 yes · 1 no (expectation not met, problem found) · 2 bad input or use · 130 Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from laminae.base.errors import LaminaeError, UsageError

INTERRUPTED, CLOSED_PIPE = 130, 141


def main() -> None:
    """Entry point of `laminae`."""
    code = run(sys.argv[1:])
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command line; its exit code. Errors are printed on stderr, never as a traceback."""
    _never_fail_on_letters()
    try:
        code = _command(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _closed_pipe()
    except KeyboardInterrupt as stop:
        print("interrupted", *getattr(stop, "__notes__", ()), file=sys.stderr)
        return INTERRUPTED
    except LaminaeError as error:
        return _told(error)
    except MemoryError:
        return _told(LaminaeError("there is not enough memory for this", {"try": "--store none, or a smaller batch"}))
    except Exception as error:
        return _own_fault(error)


def _command(arguments: Sequence[str]) -> int:
    import typer

    from laminae.cli.app import app

    refusal, usage = _refusals()
    command = typer.main.get_command(app)
    try:
        with command.make_context("laminae", list(arguments), obj=tuple(arguments)) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as done:
        return int(done.exit_code)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except refusal as error:
        message = error.format_message().strip()
        if not message:  # no command was given: the help has been printed
            return 2
        context_of = getattr(error, "ctx", None) if isinstance(error, usage) else None
        path = context_of.command_path if context_of else "laminae"
        raise UsageError(message.rstrip("."), {"see": f"{path} --help"}) from None


def _refusals() -> tuple[Any, Any]:
    """Typer's ClickException and UsageError: from click in its older versions, from its own copy in the newer."""
    import typer

    kinds = {kind.__name__: kind for kind in typer.BadParameter.__mro__}
    return kinds["ClickException"], kinds["UsageError"]


def _told(error: LaminaeError) -> int:
    from laminae.cli.printing import show_error

    show_error(error)
    return 2


def _own_fault(error: Exception) -> int:
    """An exception that is no LaminaeError is a fault of ours: said so, with the traceback for who asks."""
    if os.environ.get("LAMINAE_TRACEBACK"):
        raise error
    details = {
        "found": f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}",
        "this is": "a fault of Laminae's, not of your input",
        "see where": "LAMINAE_TRACEBACK=1 laminae …",
    }
    return _told(LaminaeError("something went wrong inside Laminae", details))


def _closed_pipe() -> int:
    """Whoever read our output has gone (`| head`): be quiet, now and when Python flushes at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED_PIPE


def _never_fail_on_letters() -> None:
    """A terminal that cannot show `✓` shows `?`."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]

"""`laminae demo`: the tour. Three patients through three layers and back, then handwritten digits, learned here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from laminae.base.errors import FileError, MissingPackageError


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where its drawings, its model and its page are written.")] = Path(),
) -> int:
    """The tour: three patients, how they teach the model, then handwritten digits; everything seen on the way."""
    from laminae.cli import digits, patients, patients_learning
    from laminae.cli.printing import console, paragraph

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {str(out)!r}", {"because": error.strerror or str(error)}) from None
    patients.tell(out)
    patients_learning.tell()
    try:
        digits.tell(out)
    except MissingPackageError as error:
        console().print()
        paragraph(str(error), style="yellow")
    return 0

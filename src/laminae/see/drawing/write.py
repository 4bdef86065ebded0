"""A drawing as a file: .svg, .png or .pdf, or a page in .html, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, UsageError
from laminae.base.records import LayerRecord
from laminae.see.document import Document
from laminae.see.drawing import export
from laminae.see.drawing.svg import Drawing, drawing, rendered
from laminae.see.report import page

ENDINGS = (".svg", ".png", ".pdf", ".html")

EVERY = 99
"""Levels of groups: more than there are."""


def draw(records: Sequence[LayerRecord], path: str | os.PathLike[str], **more: Any) -> None:
    """Write the drawing; see `drawing` for what else it takes. Raises UsageError for another ending, FileError, and
    MissingPackageError where a .png or .pdf needs a package that is not installed."""
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        found = target.suffix or "no ending"
        raise UsageError(
            f"cannot draw to {target.name!r}", {"expected": f"a file that ends in {', '.join(ENDINGS)}", "found": found}
        )
    data = _page(records, **more) if ending == ".html" else _written(drawing(records, **more), ending)
    temporary = target.with_name(f".laminae-{secrets.token_hex(6)}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, target)
    except OSError as error:
        raise FileError(f"cannot write {str(target)!r}", {"because": error.strerror or str(error)}) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def as_bytes(records: Sequence[LayerRecord], ending: str, **more: Any) -> bytes:
    """What such a file holds. Raises MissingPackageError."""
    return _written(drawing(records, **more), ending)


def _written(made: Drawing, ending: str) -> bytes:
    if ending == ".png":
        return export.png(rendered(made, dark=False))
    if ending == ".pdf":
        return export.pdf(rendered(made, dark=False))
    return rendered(made).encode()


def _page(records: Sequence[LayerRecord], *, full: bool = False, depth: int | None = None, **more: Any) -> bytes:
    """The same as a page: groups are opened and closed there."""
    return page(Document(records, depth=EVERY if full else depth, **more)).encode()

"""Programs kept by torch.export.save."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from laminae.base import torch
from laminae.base.errors import FileError

OBJECTS = ("custom_obj", "opaque_obj", "script_obj")
"""Entries of an archive that hold pickled Python objects: reading them may run code."""


@contextmanager
def _tensors_only() -> Iterator[None]:
    """torch reads some entries as pickles of any object; told so, it takes tensors only."""
    key = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(key)
    os.environ[key] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before


def load(path: str | os.PathLike[str]) -> Any:
    """The ExportedProgram of a .pt2 file. Raises FileError for what is none, and for one that holds pickled objects."""
    name = os.fspath(path)
    try:
        with zipfile.ZipFile(name) as archive:
            held = [entry for entry in archive.namelist() if any(part in os.path.basename(entry) for part in OBJECTS)]
    except FileNotFoundError:
        raise FileError(f"there is no file {name!r}") from None
    except (OSError, zipfile.BadZipFile) as problem:
        raise FileError(f"{name!r} is not a .pt2 file", {"because": str(problem) or "it is no archive"}) from None
    if held:
        raise FileError(
            f"{name!r} holds pickled objects, and reading those can run code",
            {
                "they are": ", ".join(held[:3]),
                "the way out": "torch.export.load it yourself if you trust it, and open the program",
            },
        )
    try:
        with _tensors_only():
            return torch.export.load(name)
    except Exception as problem:
        reason = (str(problem).strip().split("\n")[0] or type(problem).__name__)[:200]
        raise FileError(f"{name!r} cannot be read as an exported program", {"because": reason}) from None

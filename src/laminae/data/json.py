"""Numbers as JSON: lists of lists, or an object of such by input name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError
from laminae.data.source import opened


def read_json(source: bytes | Path, name: str) -> Any:
    """Lists (they take the dtype of the input they are given to), or a dict of lists. Raises FileError."""
    with opened(source, name, "JSON") as file:
        found = json.loads(file.read().decode("utf-8-sig"))
    if not isinstance(found, list | dict | int | float):
        raise FileError(f"{name!r} holds no numbers", {"expected": "lists of numbers, or an object of them by input name"})
    return found

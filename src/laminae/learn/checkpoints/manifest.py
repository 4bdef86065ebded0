"""What a checkpoint says of itself: JSON, a line for each word, with the SHA-256 of its files and of itself. No times."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from laminae.base.errors import FileError
from laminae.base.learned import EpochRecord

NAME = "manifest.json"

LARGEST = 1 << 28
"""Bytes, at most."""


def text(content: Mapping[str, Any]) -> bytes:
    """JSON, signed at its end."""
    plain = _lines(content)
    return _lines({**content, "sha256": hashlib.sha256(plain).hexdigest()})


def parse(data: bytes) -> dict[str, Any]:
    """What was signed. Raises FileError where it is damaged."""
    try:
        content = json.loads(data)
        signed = content.pop("sha256")
        sound = hashlib.sha256(_lines(content)).hexdigest() == signed and text(content) == data
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise FileError("it is not as it was written")
    return dict(content)


def _lines(content: Mapping[str, Any]) -> bytes:
    told = (f"{json.dumps(key)}: {_line(part)}" for key, part in content.items())
    return ("{\n " + ",\n ".join(told) + "\n}\n").encode()


def _line(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def record_line(record: EpochRecord) -> dict[str, Any]:
    """An epoch as JSON, without how long it took."""
    told: dict[str, Any] = {"epoch": record.epoch, "loss": number(record.loss), "samples": record.samples}
    told["rate"] = number(record.rate)
    if record.validation is not None:
        told["validation"] = number(record.validation)
    return told | ({"metrics": {name: number(value) for name, value in record.metrics}} if record.metrics else {})


def record_of(told: Mapping[str, Any], seconds: float) -> EpochRecord:
    validation = told.get("validation")
    metrics = tuple((name, float(value)) for name, value in told.get("metrics", {}).items())
    held = None if validation is None else float(validation)
    return EpochRecord(told["epoch"], float(told["loss"]), told["samples"], seconds, float(told["rate"]), held, metrics)


def history_lines(records: list[EpochRecord]) -> bytes:
    """A line of JSON for each epoch."""
    return b"".join(_line(record_line(record)).encode() + b"\n" for record in records)


def number(value: float) -> float | str:
    """For JSON, which has no word for NaN and infinity: a text then, which `float` takes."""
    return value if math.isfinite(value) else repr(value)

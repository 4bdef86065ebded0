"""What the server answers: JSON without NaN, errors in one form, and a page for who comes without the page's address."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from laminae.base.errors import LaminaeError, UnknownNameError
from laminae.see.document.numbers import finite

WORDS = {401: "unauthorized", 403: "forbidden", 404: "not found", 408: "too slow", 409: "not ready", 413: "too large"}

SAID = 2_000
"""Letters of a sentence."""


def packed(value: Any) -> bytes:
    """As JSON; letters beyond ASCII escaped, so that half of a surrogate pair in a name does no harm."""
    return json.dumps(finite(value), allow_nan=False, separators=(",", ":")).encode()


def answered(value: Any, status: int = 200) -> Response:
    return Response(packed(value), status, media_type="application/json")


def refused(status: int, sentence: str, facts: Mapping[str, object] | None = None) -> Response:
    """`{"error": sentence, "facts": {…}}`, cut where what was asked for stands in it at length."""
    return answered({"error": sentence[:SAID], "facts": {key: str(fact)[:SAID] for key, fact in (facts or {}).items()}}, status)


def failed(error: Exception) -> Response:
    """404 for what is not there, 400 for what cannot be done, 500 for a fault of ours (LAMINAE_TRACEBACK shows where)."""
    if isinstance(error, LaminaeError):
        return refused(404 if isinstance(error, UnknownNameError) else 400, error.message, error.details)
    if isinstance(error, MemoryError):
        return refused(400, "there is not enough memory for this")
    if os.environ.get("LAMINAE_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    text = str(error).splitlines()
    found = f"{type(error).__name__}: {text[0][:200] if text else ''}"
    return refused(
        500, "something went wrong inside Laminae", {"found": found, "see where": "LAMINAE_TRACEBACK=1 laminae view …"}
    )

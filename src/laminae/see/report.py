"""The report: the page with its document in it, one file that needs nothing else and fits into a mail."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from functools import partial
from importlib.resources import files
from typing import Any

from laminae.base.errors import UsageError
from laminae.see.document import Document, add_previews, document
from laminae.see.preview import preview
from laminae.see.text import clean

LIMIT = 10.0
"""Megabytes that a report may have unless told otherwise."""

SIZES = ((16, 96, 128), (8, 64, 96), (8, 32, 48), (4, 16, 24), (1, 8, 12))
"""Pictures of less and less: feature maps, rows and columns of each, rows and columns of a heat map."""


def page(given: Document, *, limit: float = LIMIT) -> str:
    """The text of the page. limit: megabytes; where the pictures would make it larger they are made smaller, which the page says,
    and at last left out. Statistics are always there, and exact.

    Raises UsageError where it is larger even without pictures, UnknownNameError for a highlight that means no layer.
    """
    told = document(given)
    notes = list(told["notes"])
    most = int(limit * 1e6)
    for tiles, side, positions in SIZES:
        add_previews(told, given, partial(preview, tiles=tiles, side=side, positions=positions))
        if (tiles, side, positions) != SIZES[0]:
            told["notes"] = [*notes, f"Pictures are made smaller, at most {side} pixels a side, to stay within {limit:g} MB."]
        made = _page(told)
        if len(made) <= most:
            return made
    add_previews(told, given, lambda value: None)
    told["notes"] = [*notes, f"Pictures are left out, to stay within {limit:g} MB."]
    made = _page(told)
    if len(made) > most:
        raise UsageError(
            f"the report is larger than {limit:g} MB even without pictures",
            {"found": f"{len(made) / 1e6:.1f} MB", "the way out": "a larger max_mb"},
        )
    return made


def _page(told: dict[str, Any]) -> str:
    """What is in it cannot become markup: the document is base64, and the title escaped."""
    room = files("laminae.see._web")
    script, style = (_asset((room / name).read_text(encoding="utf-8")) for name in ("page.js", "page.css"))
    packed = gzip.compress(json.dumps(told, allow_nan=False, separators=(",", ":")).encode(), 6, mtime=0)
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(clean(told['title']) or 'model')} · Laminae</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<div id="app"><noscript>This page draws a model: it needs JavaScript, and nothing but itself.</noscript></div>\n'
        f'<script type="application/octet-stream" id="document">{base64.b64encode(packed).decode()}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _asset(text: str) -> str:
    """As it stands between tags: nothing in it ends them."""
    return text.replace("</script", "<\\/script").replace("</style", "<\\/style")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

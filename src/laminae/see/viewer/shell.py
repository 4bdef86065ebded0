"""The page's own HTML: nothing but where its script and its style are."""

from __future__ import annotations

import html
from pathlib import Path

from laminae.see.text import clean

ASSETS = Path(__file__).parent.parent / "_web"

KINDS = {"page.js": "text/javascript", "page.css": "text/css"}
"""All the files there are for a browser to ask for."""


def shell(title: str) -> str:
    """It says by `data-live` that values are to be asked for."""
    return (
        '<!doctype html>\n<html lang="en" data-live>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<title>{html.escape(clean(title) or "model")}</title>\n<link rel="icon" href="data:,">\n'
        '<link rel="stylesheet" href="/assets/page.css">\n<script type="module" src="/assets/page.js"></script>\n</head>\n'
        '<body>\n<div id="app"></div>\n<noscript>This page is drawn by its script.</noscript>\n</body>\n</html>\n'
    )


def onward() -> str:
    """Goes on to the page: browsers do not hand over a strict cookie when a link elsewhere led to where it was given."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="refresh" content="0;url=/">\n'
        '<title>Laminae</title>\n</head>\n<body><a href="/">to the page</a></body>\n</html>\n'
    )

"""A drawing as one page that needs nothing but itself: pan, zoom, search, by keyboard too."""

from __future__ import annotations

import base64
import hashlib
import html
from importlib.resources import files

from laminae.see.drawing.svg import Drawing, rendered
from laminae.see.text import clean

LOOK = """
html,body{margin:0;height:100%;overflow:hidden;font:14px system-ui,sans-serif;background:#fff;color:#1f2328}
header{position:fixed;top:10px;right:12px;display:flex;gap:6px;z-index:1}
input,button{font:inherit;padding:4px 9px;border:1px solid #818b98;border-radius:6px;background:#fff;color:inherit}
button{min-width:34px;cursor:pointer}
output{padding:5px 2px;min-width:5em}
main{position:absolute;inset:0;overflow:hidden;touch-action:none;cursor:grab;outline-offset:-3px}
main:active{cursor:grabbing}
main svg{position:absolute;transform-origin:0 0}
.laminae .found .box{stroke:#b0328c;stroke-width:4}
@media (prefers-color-scheme:dark){html,body,input,button{background:#0d1117;color:#e6edf3}
.laminae .found .box{stroke:#ffd6f3}}
@media print{header{display:none}
html,body,main{overflow:visible;position:static;height:auto}main svg{position:static;transform:none!important}}
"""


def page(made: Drawing) -> str:
    """Its policy lets nothing in but its own style, pictures and script."""
    script = (files("laminae.see.drawing") / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    policy += "; base-uri 'none'; form-action 'none'"
    title = html.escape(clean(made.title) or "model")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{title}</title>\n<style>{LOOK}</style>\n'
        '</head>\n<body>\n<header role="search"><output aria-live="polite"></output>'
        '<input type="search" placeholder="search ( / )" aria-label="Search layers">'
        '<button type="button" data-do="in" aria-label="Zoom in">+</button>'
        '<button type="button" data-do="out" aria-label="Zoom out">−</button>'
        '<button type="button" data-do="fit" aria-label="Show all">all</button></header>\n'
        f'<main tabindex="0" aria-label="Drawing: arrow keys move it, + and − zoom">\n{rendered(made)}</main>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )

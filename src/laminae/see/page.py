"""Tables as a page of HTML that stands alone: one file, no script, nothing fetched; light or dark as the reader has it."""

from __future__ import annotations

import html
from collections.abc import Sequence

from laminae.see.rendering import Table
from laminae.see.text import clean

STYLE = """
:root{color-scheme:light dark}
body{font:14px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;color:#1f2328;background:#fff;margin:2rem auto;
padding:0 1.5rem;max-width:96rem}
h1{font-size:1.3rem;margin:0 0 .2rem}h2{font-size:1rem;margin:2rem 0 .4rem}
p{margin:.2rem 0}.aside{color:#59636e}
.wide{overflow-x:auto;margin-top:1rem}
table{border-collapse:collapse;font:12.5px/1.45 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
th{text-align:left;font-weight:400;color:#59636e;border-bottom:1px solid #d1d9e0;position:sticky;top:0;background:#fff}
th.right,td.right{text-align:right}
th,td{padding:.1rem .9rem .1rem 0;white-space:pre;vertical-align:top}
.red td{color:#cf222e}.dim td{color:#59636e}.bold td{font-weight:600}
@media (prefers-color-scheme:dark){body,th{background:#0d1117;color:#e6edf3}.aside,th,.dim td{color:#9da7b3}
th{border-color:#3d444d}.red td{color:#ff6b62}}
"""


def page(title: str, tables: Sequence[Table], notes: Sequence[str] = ()) -> str:
    """The document. notes: what is said first, under the title."""
    said = "".join(f'<p class="aside">{html.escape(clean(note))}</p>' for note in notes)
    shown = "".join(_section(table, title) for table in tables)
    name = html.escape(clean(title))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"/><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width"/><style>{STYLE}</style></head>\n'
        f"<body><h1>{name}</h1>{said}{shown}</body></html>\n"
    )


def _section(table: Table, title: str) -> str:
    """A table with what is said above and below it; the notes first, for they are the answer."""
    head = f"<h2>{html.escape(table.title)}</h2>" if table.title not in ("", title) else ""
    aside = f'<p class="aside">{html.escape(table.aside)}</p>' if table.aside else ""
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in table.notes)
    kept = [i for i, column in enumerate(table.columns) if column.name or any(row[i] for row in table.rows)]
    names = "".join(_cell("th", table.columns[i].name, table.columns[i].right) for i in kept)
    rows = "".join(
        f'<tr class="{html.escape(line.style)}">'
        + "".join(_cell("td", line.cells[i], table.columns[i].right) for i in kept)
        + "</tr>\n"
        for line in table.lines
    )
    return f'{head}{aside}{notes}<div class="wide"><table><thead><tr>{names}</tr></thead><tbody>\n{rows}</tbody></table></div>\n'


def _cell(kind: str, text: str, right: bool) -> str:
    side = ' class="right"' if right else ""
    return f"<{kind}{side}>{html.escape(text)}</{kind}>"

"""A table that fits where it is shown: a terminal of any width, a text, a notebook."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from laminae.see.text import clean, shorten

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions

GAP, INDENT = 2, 2
STYLES = {"✓": "green", "✗": "bold red", "correct": "green"}


@dataclass(frozen=True)
class Column:
    """shrink: the width to which its cells may be shortened. drop: where room lacks, the column with the highest goes first
    (0: never)."""

    name: str
    right: bool = False
    shrink: int | None = None
    drop: int = 0


@dataclass(frozen=True)
class Row:
    """One line of cells. style: as Rich names it (`bold`, `red`, `dim`)."""

    cells: tuple[str, ...]
    style: str = ""


class Table:
    """Rows of text under column names, with a line above and notes below. Prints itself to the width there is.

    title, aside: the line above, left and right. rows: the cells, whole, as tuples of text.
    """

    def __init__(
        self, columns: Sequence[Column], rows: Sequence[Row], *, title: str = "", aside: str = "", notes: Sequence[str] = ()
    ) -> None:
        self.columns = tuple(columns)
        self.lines = tuple(Row(tuple(map(clean, row.cells)), row.style) for row in rows)
        self.title, self.aside = clean(title), clean(aside)
        self.notes = tuple(map(clean, notes))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells of each row as text, whole, as many as there are columns."""
        return tuple(row.cells for row in self.lines)

    def text(self, width: int = 100) -> str:
        """Plain text of at most `width` columns, without colours."""
        return "\n".join(line.rstrip() for line, _ in self._lines(width))

    def __str__(self) -> str:
        return self.text(shutil.get_terminal_size((100, 24)).columns)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        from rich.text import Text

        for line, style in self._lines(options.max_width):
            text = Text(line.rstrip(), style=style, no_wrap=True, overflow="crop")
            for sign, colour in STYLES.items():
                text.highlight_words([sign], colour)
            yield text

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(c.name)}</th>" for c in self.columns)
        body = "".join("<tr>" + "".join(map(self._html_cell, self.columns, row)) + "</tr>" for row in self.rows)
        below = "".join(f"<div>{html.escape(note)}</div>" for note in self.notes)
        above = html.escape(" · ".join(filter(None, (self.title, self.aside))))
        return f"<div><div>{above}</div><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"

    def _html_cell(self, column: Column, cell: str) -> str:
        align = "right" if column.right else "left"
        return f'<td style="text-align:{align};white-space:pre">{html.escape(cell)}</td>'

    def _lines(self, width: int) -> Iterator[tuple[str, str]]:
        if self.title or self.aside:
            yield from ((line, "bold") for line in heading(self.title, self.aside, width))
            yield "", ""
        shown = fit(self.columns, self.rows, width - INDENT)
        if shown:
            yield self._line(tuple(c.name for c in self.columns), shown), "dim"
        for row in self.lines:
            yield self._line(row.cells, shown), row.style
        if self.notes:
            yield "", ""
        for note in self.notes:
            yield from ((line, "") for line in wrapped(note, width))

    def _line(self, cells: Sequence[str], shown: Sequence[tuple[int, int]]) -> str:
        texts = (pad(cells[at], width, self.columns[at].right) for at, width in shown)
        return (" " * INDENT + (" " * GAP).join(texts)).rstrip()


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> list[tuple[int, int]]:
    """Which columns are shown and how wide: those that may shrink do, then those that may be dropped are."""
    kept = [i for i, c in enumerate(columns) if c.name or any(row[i] for row in rows)]
    natural = {i: max([columns[i].name, *(row[i] for row in rows)], key=cells_of) for i in kept}
    widths = {i: cells_of(text) for i, text in natural.items()}
    while True:
        chosen = shrink(columns, {i: widths[i] for i in kept}, room)
        droppable = [i for i in kept if columns[i].drop]
        if used(chosen) <= room or not droppable:
            break
        kept.remove(max(droppable, key=lambda i: columns[i].drop))
    for least in (6, 3, 1):
        chosen = shrink([replace(column, shrink=least) for column in columns], chosen, room)
    return list(chosen.items())


def shrink(columns: Sequence[Column], widths: dict[int, int], room: int) -> dict[int, int]:
    """Take from the widest that may shrink until all fits, or none may shrink any more."""
    widths = dict(widths)
    while used(widths) > room:
        able = [i for i in widths if columns[i].shrink is not None and widths[i] > max(columns[i].shrink or 0, 1)]
        if not able:
            break
        widths[max(able, key=lambda i: widths[i])] -= 1
    return widths


def used(widths: dict[int, int]) -> int:
    return sum(widths.values()) + GAP * max(len(widths) - 1, 0)


def cells_of(text: str) -> int:
    """How many columns of a terminal a text takes (Chinese takes two a character)."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, width: int, right: bool = False) -> str:
    """The text in exactly `width` columns."""
    room = width
    while cells_of(text) > width and room:
        text, room = shorten(text, room), room - 1
    space = " " * (width - cells_of(text))
    return space + text if right else text + space


def heading(left: str, right: str, width: int) -> list[str]:
    """Both on one line where they fit, else one under the other."""
    if right and cells_of(left) + GAP + cells_of(right) <= width:
        return [left + " " * (width - cells_of(left) - cells_of(right)) + right]
    return [line for text in (left, right) if text for line in wrapped(text, width, " · ")]


def wrapped(text: str, width: int, at: str = " ") -> list[str]:
    """Broken at spaces, or at another sign (and at spaces where that is not enough), into lines of at most `width`."""
    lines, line = [], ""
    for word in text.split(at):
        joined = f"{line}{at}{word}" if line else word
        if line and cells_of(joined) > width:
            lines.append(line + at.rstrip())
            joined = word
        line = joined
    if at != " ":
        return [part for line in [*lines, line] for part in wrapped(line, width)]
    return [pad(part, min(cells_of(part), max(width, 1))) for part in [*lines, line]]

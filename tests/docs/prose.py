"""A docstring of ours as Markdown: what is said of each argument becomes a line of a list, shapes become code.

Docstrings are prose, `x: a tensor. device: run there, this once. Raises InputError …`, which is quickly read in a terminal. On a
page arguments are looked for, so each begins a line there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise

CODE = re.compile(r"`[^`]*`")
SHAPE = re.compile(r"(?<![\w\]])\[[^\[\]`]*\]")
NAMES = re.compile(r"(?:^|(?<=[.;)] ))([a-z_]\w*(?:, [a-z_]\w*)*): ")

APART = re.compile(r"(?<=\. )(?=Raises |Returns |Parameters?[:, ])")
"""What has a paragraph of its own, wherever it stands."""


def markdown(text: str, names: Collection[str]) -> str:
    """The docstring of what has arguments, or attributes, of these names."""
    return "\n\n".join(part for block in re.split(r"\n\s*\n", text.strip("\n")) for part in _block(block, names))


def _block(block: str, names: Collection[str]) -> Iterator[str]:
    """A paragraph, or as many as it takes. Code and tables stay as they are."""
    lines = block.split("\n")
    if all(line.startswith(("    ", "|")) for line in lines):
        yield block
        return
    lead, *bullets = _bullets(lines)
    told, *items = _items(lead, names)
    items += [part for bullet in bullets for part in _items(bullet, names) if part]
    last, *after = APART.split(items.pop()) if items else [""]
    yield from filter(None, map(_plain, APART.split(told)))
    if last:
        yield "\n".join(f"- {_marked(item, names)}" for item in [*items, last])
    yield from filter(None, map(_plain, after))


def _bullets(lines: list[str]) -> list[str]:
    """What stands before the first `- `, and what behind each, on one line."""
    items = [""]
    for line in map(str.strip, lines):
        if line.startswith("- "):
            items.append("")
            line = line[2:]
        items[-1] = f"{items[-1]} {line}".strip()
    return items


def _items(text: str, names: Collection[str]) -> list[str]:
    """What stands before the first argument ("" for nothing), and what is said of each."""
    starts = [found.start() for found in NAMES.finditer(text) if _known(found, names)]
    edges = [0, *starts, len(text)]
    return [re.sub(r";$", ".", text[start:end].strip()) for start, end in pairwise(edges)]


def _known(found: re.Match[str] | None, names: Collection[str]) -> bool:
    return found is not None and all(name in names for name in found[1].split(", "))


def _marked(item: str, names: Collection[str]) -> str:
    """An item with the arguments it begins with as code."""
    found = NAMES.match(item)
    if found is None or not _known(found, names):
        return _plain(item)
    return f"{', '.join(f'`{name}`' for name in found[1].split(', '))}: {_plain(item[found.end() :])}"


def _plain(text: str) -> str:
    """Nothing in it means anything to Markdown but what stands in backticks; shapes are put there."""
    return _apart(text, CODE, lambda code: code, lambda rest: _apart(rest, SHAPE, "`{}`".format, _escaped)).strip()


def _apart(text: str, pattern: re.Pattern[str], inside: Callable[[str], str], outside: Callable[[str], str]) -> str:
    """A text in which what matches is written in one way, and what stands between in another."""
    made, at = "", 0
    for found in pattern.finditer(text):
        made += outside(text[at : found.start()]) + inside(found[0])
        at = found.end()
    return made + outside(text[at:])


def _escaped(text: str) -> str:
    return re.sub(r"([*_\[\]])", r"\\\1", text.replace("<", "&lt;"))

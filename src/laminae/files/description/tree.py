"""YAML (and JSON, which is YAML) as a tree whose every part knows its line.

Only the parser of PyYAML is used, never its constructors: there are texts, numbers, true, false, null, lists and mappings, and no
tag makes anything else. Plain words are read as YAML 1.2's core schema has them: `1e-3` is a number, `no` and `12:30` are texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from laminae.base.errors import FileError

LARGEST = 1 << 20
"""Bytes of a description, at most."""

DEEPEST = 32
"""Lists and mappings in one another, at most."""

WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
WORDS |= {sign + word: float(sign + word[1:]) for word in (".inf", ".Inf", ".INF") for sign in ("", "+", "-")}
WORDS |= dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
WHOLE = re.compile(r"[-+]?[0-9]{1,30}")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,6})?")


@dataclass(frozen=True)
class Part:
    """value: a text, number, bool or None, a list of parts, or a dict of parts by text. line: counted from 1."""

    value: Any
    line: int

    @property
    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: part.plain for key, part in self.value.items()}
        return [part.plain for part in self.value] if isinstance(self.value, list) else self.value


def parse(text: str, name: str) -> Part:
    """The tree of a text. Raises FileError naming the line of what is no YAML, or more of it than a description needs."""
    import yaml

    if len(text) > LARGEST:
        raise FileError(f"{name!r} is too large for a description", {"expected": f"at most {LARGEST:,} bytes"})
    if text.lstrip()[:1] in ("{", "["):
        text = _spaces_for_tabs(text)
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        return _Reader(name, (event for event in events)).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = f"line {mark.line + 1} of " if mark is not None else ""
        because = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise FileError(f"{line}{name!r} is no YAML", {"because": because}) from None


def _spaces_for_tabs(text: str) -> str:
    """JSON may be indented by tabs, which no text in it holds; YAML's parser takes none."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


class _Reader:
    """Events of the parser, one after another, as parts: no recursion but that of the description itself, which is bounded."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self._name, self._events = name, events

    def document(self) -> Part:
        event = self._next()
        while type(event).__name__ in ("StreamStartEvent", "DocumentStartEvent"):
            event = self._next()
        if type(event).__name__ == "StreamEndEvent":
            raise FileError(f"{self._name!r} is empty", {"expected": "a description: layers: […]"})
        made = self._part(event, 0)
        after = [self._next(), self._next()]
        if type(after[1]).__name__ != "StreamEndEvent":
            raise self._error(after[1], "a second document begins", "one description in a file")
        return made

    def _next(self) -> Any:
        return next(self._events)

    def _part(self, event: Any, depth: int) -> Part:
        kind, line = type(event).__name__, event.start_mark.line + 1
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise self._error(event, "anchors and aliases (&, *) are not taken", "each part written out")
        if event.tag is not None and event.tag != "!":
            raise self._error(event, f"the tag {event.tag!r} is not taken", "texts, numbers, true, false, lists, mappings")
        if depth > DEEPEST:
            raise self._error(event, "lists and mappings are too deep in one another", f"at most {DEEPEST}")
        if kind == "ScalarEvent":
            return Part(scalar(event.value) if event.implicit[0] else _joined(event.value), line)
        return Part(self._list(depth) if kind == "SequenceStartEvent" else self._mapping(depth), line)

    def _list(self, depth: int) -> list[Part]:
        found = []
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            found.append(self._part(event, depth + 1))
        return found

    def _mapping(self, depth: int) -> dict[str, Part]:
        found: dict[str, Part] = {}
        while type(event := self._next()).__name__ != "MappingEndEvent":
            if type(event).__name__ != "ScalarEvent":
                raise self._error(event, "a key is a list or a mapping", "a word before the colon")
            key = _joined(event.value)
            if key in found:
                raise self._error(event, f"{key!r} stands twice", f"once: line {found[key].line} has it already")
            found[key] = self._part(self._next(), depth + 1)
        return found

    def _error(self, event: Any, what: str, expected: str) -> FileError:
        return FileError(f"line {event.start_mark.line + 1} of {self._name!r}: {what}", {"expected": expected})


def scalar(text: str) -> Any:
    """A plain word as YAML 1.2 has it: null, a bool, a number, or the text itself."""
    if text in WORDS:
        return WORDS[text]
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text


def _joined(text: str) -> str:
    """JSON writes letters beyond 16 bits as two halves."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if re.search("[\ud800-\udfff]", text) else text

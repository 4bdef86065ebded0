"""Regular expressions in RE2's syntax, in time that grows with the text and never faster.

Python parses them, but does not match them: its matcher tries one way after another, and `(a+)+b` makes it try 2ⁿ. Here all
ways are followed at once (Thompson 1968, https://swtch.com/~rsc/regexp/regexp1.html): what is reached after a character is
a set of places in the pattern, and sets once met are remembered. What RE2 has no word for (references back, looking
around, possessive repeats) is refused, as is a pattern of more than MOST places.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterable
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from laminae.base.errors import AttributeValueError

MOST = 4_000
"""Places of a pattern, repeats written out, at most."""

REMEMBERED = 1_000_000
"""Places in all the sets that a pattern remembers, at most: some 60 MB."""

CLASSES = {
    "alnum": "A-Za-z0-9", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t-\r ", "upper": "A-Z",
    "word": "A-Za-z0-9_",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip
"""RE2's [[:name:]]."""

REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
START, LINE, WORD, OTHER, END = "start", "line", "word", "other", "end"
"""What stands beside a place: nothing (before, behind), the end of a line, a word's character, another one."""


State = tuple[frozenset[int], str]
"""Places reached, and what kind of character was before them."""


def kind_of(char: str) -> str:
    """What a character is to `^`, `$` and `\\b`."""
    if char == "\n":
        return LINE
    return WORD if char.isascii() and (char.isalnum() or char == "_") else OTHER


CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": lambda char: "0" <= char <= "9",
    "SPACE": lambda char: char in " \t\n\r\f\v",
    "WORD": lambda char: kind_of(char) == WORD,
}


class Automaton:
    """A pattern as places: each takes a character, goes on without one, or does so only where an anchor holds."""

    def __init__(self) -> None:
        self.takes: list[Callable[[str], bool] | None] = []
        self.nexts: list[list[tuple[Callable[[str, str], bool] | None, int]]] = []

    def add(self, takes: Callable[[str], bool] | None, *nexts: int) -> int:
        """A new place, which goes on to `nexts`."""
        if len(self.takes) >= MOST:
            raise AttributeValueError(f"a pattern of more than {MOST} places, its repeats written out")
        self.takes.append(takes)
        self.nexts.append([(None, place) for place in nexts])
        return len(self.takes) - 1

    def closure(self, places: Iterable[int], before: str, after: str) -> set[int]:
        """Every place reached from these without taking a character, between what stands before and after."""
        reached: set[int] = set()
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            if place not in reached:
                reached.add(place)
                if self.takes[place] is None:
                    waiting += [end for holds, end in self.nexts[place] if holds is None or holds(before, after)]
        return reached


@functools.lru_cache(64)
def compiled(pattern: str) -> Callable[[str], bool]:
    """Whether a text as a whole matches the pattern. Raises AttributeValueError for what is not in RE2's syntax."""
    automaton = Automaton()
    accept = automaton.add(None)
    try:
        first = _sequence(automaton, *_parsed(pattern), accept)
    except RecursionError:
        raise AttributeValueError("the pattern is nested too deep", {"pattern": pattern[:200]}) from None
    return _Matcher(automaton, first, accept).matches


class _Matcher:
    """An automaton with the sets of places met so far."""

    def __init__(self, automaton: Automaton, first: int, accept: int) -> None:
        self.automaton, self.accept = automaton, accept
        self.start: State = frozenset({first}), START
        self.seen: dict[tuple[State, str], State] = {}
        self.held = 0

    def matches(self, text: str) -> bool:
        state, seen = self.start, self.seen
        for char in text:
            after = seen.get((state, char))
            state = self.step(state, char) if after is None else after
            if not state[0]:
                return False
        return self.accept in self.automaton.closure(*state, END)

    def step(self, state: State, char: str) -> State:
        reached = self.automaton.closure(*state, kind_of(char))
        takers = (place for place in reached if _takes(self.automaton.takes[place], char))
        after = frozenset(end for place in takers for _, end in self.automaton.nexts[place]), kind_of(char)
        if self.held > REMEMBERED:
            self.seen.clear()
            self.held = 0
        self.held += 1 + len(after[0])
        self.seen[state, char] = after
        return after


def _takes(takes: Callable[[str], bool] | None, char: str) -> bool:
    return takes is not None and takes(char)


def _parsed(pattern: str) -> tuple[Any, int]:
    for name, members in CLASSES.items():
        pattern = pattern.replace(f"[:{name}:]", members)
    pattern = re.sub(r"(\\\\)|\\z", lambda found: found[1] or r"\Z", pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(pattern, re.ASCII)
    except (re.error, OverflowError) as error:
        raise AttributeValueError(f"the pattern cannot be read: {error}", {"pattern": pattern[:200]}) from None
    return tree, tree.state.flags


def _sequence(automaton: Automaton, items: Any, flags: int, end: int) -> int:
    """The place where these, one after the other, begin; behind the last is `end`."""
    for operator, argument in reversed(list(items)):
        end = _item(automaton, str(operator), argument, flags, end)
    return end


def _item(automaton: Automaton, operator: str, argument: Any, flags: int, end: int) -> int:
    if operator in REPEATS:
        return _repeat(automaton, argument, flags, end)
    if operator == "BRANCH":
        return automaton.add(None, *[_sequence(automaton, branch, flags, end) for branch in argument[1]])
    if operator == "SUBPATTERN":
        _, added, removed, inner = argument
        return _sequence(automaton, inner, (flags | added) & ~removed, end)
    if operator == "AT":
        place = automaton.add(None)
        automaton.nexts[place] = [(_anchor(str(argument), flags), end)]
        return place
    return automaton.add(_one_character(operator, argument, flags), end)


def _repeat(automaton: Automaton, argument: Any, flags: int, end: int) -> int:
    least, most, inner = argument
    if most is _constants.MAXREPEAT:
        start = automaton.add(None, end)
        automaton.nexts[start].append((None, _sequence(automaton, inner, flags, start)))
    else:
        start = end
        for _ in range(int(most) - least):
            start = automaton.add(None, end, _sequence(automaton, inner, flags, start))
    for _ in range(least):
        start = _sequence(automaton, inner, flags, start)
    return start


def _anchor(name: str, flags: int) -> Callable[[str, str], bool]:
    lines = bool(flags & re.MULTILINE)
    if name in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        alone = not lines or name.endswith("STRING")
        return lambda before, after: before == START or (not alone and before == LINE)
    if name in ("AT_END", "AT_END_STRING"):
        alone = not lines or name.endswith("STRING")
        return lambda before, after: after == END or (not alone and after == LINE)
    if name == "AT_BOUNDARY":
        return lambda before, after: (before == WORD) != (after == WORD)
    return lambda before, after: (before == WORD) == (after == WORD)


def _one_character(operator: str, argument: Any, flags: int) -> Callable[[str], bool]:
    if operator == "ANY":
        return (lambda char: True) if flags & re.DOTALL else (lambda char: char != "\n")
    if operator == "LITERAL":
        return _any_case(lambda char: ord(char) == argument, flags)
    if operator == "NOT_LITERAL":
        same = _any_case(lambda char: ord(char) == argument, flags)
        return lambda char: not same(char)
    if operator == "IN":
        negated = bool(argument) and str(argument[0][0]) == "NEGATE"
        members = [_member(str(kind), value) for kind, value in argument[negated:]]
        inside = _any_case(lambda char: any(member(char) for member in members), flags)
        return (lambda char: not inside(char)) if negated else inside
    raise AttributeValueError(f"the pattern uses {operator.lower()}, which RE2 does not have")


def _any_case(test: Callable[[str], bool], flags: int) -> Callable[[str], bool]:
    if not flags & re.IGNORECASE:
        return test
    return lambda char: any(test(c) for c in {char, char.lower(), char.upper()} if len(c) == 1)


def _member(kind: str, value: Any) -> Callable[[str], bool]:
    if kind == "LITERAL":
        return lambda char: ord(char) == value
    if kind == "RANGE":
        low, high = value
        return lambda char: low <= ord(char) <= high
    members = CATEGORIES[str(value).rsplit("_", 1)[-1]]
    return (lambda char: not members(char)) if "NOT" in str(value) else members

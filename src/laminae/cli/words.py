"""A name with arguments, as command lines and descriptions write it: `adamw,lr=0.01`, `{adamw: {lr: 0.01}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from laminae.base.errors import FileError, UsageError

BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def word_of(given: Any, what: str) -> tuple[str, dict[str, Any]]:
    """(name, arguments). Raises UsageError for what is neither written so nor so."""
    if isinstance(given, str):
        return _written(given, what)
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, arguments),) = given.items()
        if arguments is None or isinstance(arguments, Mapping):
            return str(name), dict(arguments or {})
    raise UsageError(f"{what}: {given!r} is no {what}", {"expected": f"{what}: NAME, or {what}: {{NAME: {{argument: value}}}}"})


def _written(text: str, what: str) -> tuple[str, dict[str, Any]]:
    name, *pairs = _parts(text)
    arguments: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not re.fullmatch(r"\w+", key.strip()):
            details = {"expected": f"--{what} NAME,ARGUMENT=VALUE", "found": repr(text)}
            raise UsageError(f"--{what}: {pair!r} is no argument", details)
        arguments[key.strip()] = value_of(value, f"--{what}")
    return name.strip(), arguments


def value_of(text: str, what: str) -> Any:
    """`0.01`, `true`, `[0.9, 0.99]`, a word."""
    from laminae.files.description.tree import parse

    try:
        return parse(text, what).plain if text.strip() else ""
    except FileError as error:
        raise UsageError(f"{what}: {text!r} cannot be read", {"because": error.details.get("because", error.message)}) from None


def _parts(text: str) -> list[str]:
    """Between the commas that stand in no brackets."""
    found, depth = [""], 0
    for letter in text:
        depth += BRACKETS.get(letter, 0)
        if letter == "," and depth <= 0:
            found.append("")
        else:
            found[-1] += letter
    return found

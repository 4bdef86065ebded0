"""Checks of what a layer is told when it is made: whole numbers, one or one per axis, choices."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from laminae.base.errors import UsageError

Sizes = int | Sequence[int]
"""One whole number for every axis, or one for each."""


def is_whole(value: object) -> bool:
    """Whether it is a whole number (True and False are not)."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def numbers(sizes: Sizes) -> list[int]:
    """The numbers of a sequence, or the one number."""
    return [int(n) for n in sizes] if isinstance(sizes, Sequence) else [int(sizes)]


def require_whole(owner: object, what: str, value: object, least: int = 1) -> None:
    """Raises UsageError unless `value` is a whole number of at least `least`."""
    if not (is_whole(value) and int(value) >= least):  # type: ignore[call-overload]
        raise refusal(owner, what, f"a whole number, {least} or more", value)


def require_sizes(owner: object, what: str, value: object, least: int = 1) -> None:
    """Raises UsageError unless `value` is one whole number or a sequence of them, each at least `least`."""
    several = [value] if is_whole(value) else value
    if not isinstance(several, Sequence) or not several or not all(is_whole(n) and n >= least for n in several):
        raise refusal(owner, what, f"a whole number, or one for each axis, {least} or more", value)


def require_choice(owner: object, what: str, value: object, choices: Collection[str]) -> None:
    """Raises UsageError unless `value` is one of the choices."""
    if value not in choices:
        raise refusal(owner, what, "one of " + ", ".join(map(repr, choices)), value)


def require_number(owner: object, what: str, value: object, least: float, most: float = float("inf")) -> None:
    """Raises UsageError unless `value` is a number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not least <= float(value) <= most:
        expected = f"a number, {least} or more" if most == float("inf") else f"a number from {least} to {most}"
        raise refusal(owner, what, expected, value)


def require_flag(owner: object, what: str, value: object) -> None:
    """Raises UsageError unless `value` is True or False."""
    if not isinstance(value, bool):
        raise refusal(owner, what, "True or False", value)


def refusal(owner: object, what: str, expected: str, found: object) -> UsageError:
    """The error for an argument that a layer cannot take."""
    kind = type(owner).__name__
    name = getattr(owner, "name", None)
    layer = f"layer {name!r} ({kind})" if isinstance(name, str) else f"layer {kind}"
    shown = repr(found)
    return UsageError(
        f"{layer} cannot take {what}={shown if len(shown) < 60 else type(found).__name__}",
        {"argument": f"{what} of {kind}", "expected": expected, "found": shown if len(shown) < 60 else type(found).__name__},
    )

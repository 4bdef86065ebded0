"""The columns of a table that make the inputs and the expectation, and how each becomes numbers: a record, kept with a model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from laminae.base.errors import UsageError
from laminae.data.classes import Classes, some

Kind = Literal["number", "one-hot", "ids"]
Name = str | int

KINDS = ("one-hot", "ids")


@dataclass(frozen=True)
class Column:
    """kind: "number" as it stands; "one-hot", a number for each class, 1 for the one it is; "ids", the number of the class.

    fill: what stands in where nothing is. missing: what was asked for there: "error", "drop", "mean", or a value.
    """

    name: str
    kind: Kind = "number"
    classes: Classes | None = None
    missing: str | float = "error"
    fill: float | None = None

    @property
    def width(self) -> int:
        """How many numbers it makes of a cell: 1, or of "one-hot" one for each class."""
        return len(self.classes or ()) if self.kind == "one-hot" else 1

    @property
    def features(self) -> list[str]:
        """A name for each number: "age", "color=red"."""
        return [f"{self.name}={name}" for name in self.classes.names] if self.kind == "one-hot" and self.classes else [self.name]


@dataclass(frozen=True)
class Columns:
    """Of each input, by name, its columns in order; and those of the expectation. Give it as `columns=` for data to come: the
    same numbers are made of them. flat: whether the expectation is [batch], not [batch, columns]."""

    inputs: Mapping[str, tuple[Column, ...]]
    target: tuple[Column, ...]
    flat: bool = True

    @property
    def all(self) -> tuple[Column, ...]:
        """The columns of every input, in order, without those of the expectation."""
        return tuple(column for columns in self.inputs.values() for column in columns)

    def features(self, name: str = "x") -> list[str]:
        """A name for each number of a sample of an input."""
        return [feature for column in self.inputs[name] for feature in column.features]

    def to_json(self) -> dict[str, Any]:
        """Plain lists, dicts, texts and numbers."""
        return {
            "inputs": {name: [_plain(column) for column in columns] for name, columns in self.inputs.items()},
            "target": [_plain(column) for column in self.target],
            "flat": self.flat,
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Columns:
        """The columns that `to_json` gave: the same numbers are made with them."""
        inputs = {name: tuple(map(_column, columns)) for name, columns in held["inputs"].items()}
        return cls(inputs, tuple(map(_column, held["target"])), held.get("flat", True))


@dataclass(frozen=True)
class Choices:
    """What the caller asked of a table. columns: names, by input if there are several; None for all but the target. labelled:
    whether there is an expectation; it is the last column where target is None, and [batch, columns] of a list of them.
    classes: those of the expectation, where they are known."""

    target: Name | Sequence[Name] | None = None
    columns: Sequence[Name] | Mapping[str, Sequence[Name]] | Columns | None = None
    categories: Sequence[Name] | Mapping[Name, str] = ()
    missing: str | float | Mapping[Name, str | float] = "error"
    unseen: str = "error"
    labelled: bool = True
    classes: Classes | None = None

    def __post_init__(self) -> None:
        if self.unseen not in ("error", "drop", "zeros"):
            raise UsageError(
                f"unseen={self.unseen!r} is no choice", {"expected": '"error", "drop" or "zeros" (of one-hot columns)'}
            )


def chosen(choices: Choices, names: Sequence[str], path: str) -> Columns:
    """The columns that were asked for, of those that there are; what they hold is not known yet. Raises UsageError."""
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"two columns of {path!r} are named {twice!r}", {"columns": some(names)})
    if isinstance(choices.columns, Columns):
        return _known(choices, choices.columns, names, path)
    target = _target(choices, names, path)
    inputs = {name: _named(columns, names, path) for name, columns in _inputs(choices, names, target).items()}
    target = target if choices.labelled else []
    every = [*(name for columns in inputs.values() for name in columns), *target]
    for name in every:
        if every.count(name) > 1:
            raise UsageError(
                f"column {name!r} is asked for twice", {"inputs": some(every[: len(every) - len(target)]), "target": some(target)}
            )
    kinds, missing = _kinds(choices, names, every, path), _missing(choices, names, every, path)
    kinds.update({name: "ids" for name in target if name in kinds})
    made = {name: Column(name, kinds.get(name, "number"), None, missing.get(name, "error")) for name in every}
    if not all(inputs.values()):
        raise UsageError(f"{path!r} has no column left for the input", {"columns": some(names), "target": some(target)})
    if choices.classes is not None and len(target) == 1:
        made[target[0]] = replace(made[target[0]], kind="ids", classes=choices.classes)
    flat = choices.target is None or isinstance(choices.target, Name)
    return Columns({key: tuple(made[c] for c in held) for key, held in inputs.items()}, tuple(made[c] for c in target), flat)


def _known(choices: Choices, known: Columns, names: Sequence[str], path: str) -> Columns:
    """The same columns again; the expectation only if it is wanted."""
    target = known.target if choices.labelled else ()
    _named([column.name for column in (*known.all, *target)], names, path)
    return replace(known, target=target)


def _target(choices: Choices, names: Sequence[str], path: str) -> list[str]:
    """The columns of the expectation; those that would be, where there is none."""
    if choices.target is None:
        return [names[-1]] if len(names) > 1 and choices.labelled else []
    return _named([choices.target] if isinstance(choices.target, Name) else list(choices.target), names, path)


def _inputs(choices: Choices, names: Sequence[str], target: Sequence[str]) -> Mapping[str, Sequence[Name]]:
    asked = choices.columns
    if isinstance(asked, Mapping):
        return asked
    if asked is None:
        return {"x": [name for name in names if name not in target]}
    return {"x": [asked] if isinstance(asked, str) else list(asked)}  # type: ignore[arg-type]  # Columns were known before


def _named(asked: Sequence[Name], names: Sequence[str], path: str) -> list[str]:
    """Names, or places counted from 0, as names. Raises UsageError with the nearest names."""
    found = []
    for name in asked:
        if isinstance(name, int) and -len(names) <= name < len(names):
            found.append(names[name])
        elif name in names:
            found.append(str(name))
        else:
            near = difflib.get_close_matches(str(name), names, 3, 0.5)
            details = {"columns": some(names), **({"did you mean": ", ".join(near)} if near else {})}
            raise UsageError(f"{path!r} has no column {name!r}", details)
    return found


def _kinds(choices: Choices, names: Sequence[str], every: Sequence[str], path: str) -> dict[str, Kind]:
    asked = choices.categories
    if isinstance(asked, str):
        asked = [asked]
    kinds = dict(asked) if isinstance(asked, Mapping) else dict.fromkeys(asked, "one-hot")
    found: dict[str, Kind] = {}
    for name, kind in kinds.items():
        if kind not in KINDS:
            raise UsageError(f"categories: {kind!r} is no way to make numbers of {name!r}", {"expected": " or ".join(KINDS)})
        found[_used(name, names, every, path, "categories")] = "ids" if kind == "ids" else "one-hot"
    return found


def _missing(choices: Choices, names: Sequence[str], every: Sequence[str], path: str) -> dict[str, str | float]:
    asked = choices.missing
    if not isinstance(asked, Mapping):
        return dict.fromkeys(every, asked)
    return {_used(name, names, every, path, "missing"): choice for name, choice in asked.items()}


def _used(name: Name, names: Sequence[str], every: Sequence[str], path: str, what: str) -> str:
    (found,) = _named([name], names, path)
    if found not in every:
        raise UsageError(f"{what} names {found!r}, which is no column in use", {"in use": some(every)})
    return found


def _plain(column: Column) -> dict[str, Any]:
    held: dict[str, Any] = {"name": column.name, "kind": column.kind, "missing": column.missing}
    if column.classes is not None:
        held["classes"] = list(column.classes.names)
    return held if column.fill is None else {**held, "fill": column.fill}


def _column(held: Mapping[str, Any]) -> Column:
    classes = Classes(tuple(held["classes"])) if "classes" in held else None
    return Column(held["name"], held["kind"], classes, held.get("missing", "error"), held.get("fill"))

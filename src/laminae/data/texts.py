"""Texts as ids of words or characters: a record of how, kept with a model, and samples of which the input is one text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from laminae.base.errors import UsageError
from laminae.data.classes import Classes
from laminae.data.table import Table

Array = np.ndarray[Any, Any]

WORD = re.compile(r"\w+|[^\w\s]")
LEVELS = ("words", "characters")
NOTHING, UNKNOWN, FIRST = 0, 1, 2
"""The id where a text has ended, that of what is not in the vocabulary, and the first that is a token's."""


@dataclass(frozen=True)
class Text:
    """How texts of a column become ids [batch, length]: those of their first `length` tokens, then 0.

    level: "words" (in small letters; a sign is a word) or "characters". most: how many ids there are at most, 0 and 1 (for what
    is not known) among them; the most frequent tokens have one. vocabulary: the tokens, the first of which has id 2; None where
    it is to be taken from the texts.
    """

    column: str
    level: str = "words"
    length: int = 64
    most: int = 5000
    vocabulary: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UsageError(f"there is no level {self.level!r} of texts", {"expected": " or ".join(LEVELS)})
        for word, value, least in (("length", self.length, 1), ("most", self.most, FIRST + 1)):
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UsageError(f"{word}={value!r} is not possible of texts", {"expected": f"a whole number, {least} or more"})

    def tokens(self, text: str) -> Sequence[str]:
        """The parts of a text that have ids."""
        return WORD.findall(text.lower()) if self.level == "words" else text

    def fitted(self, texts: Iterable[str]) -> Text:
        """With the vocabulary of these texts: the most frequent first, equals in the order of the alphabet."""
        counts = Counter(token for text in texts for token in self.tokens(text))
        ordered = sorted(counts, key=lambda token: (-counts[token], token))
        return replace(self, vocabulary=tuple(ordered[: self.most - FIRST]))

    def ids(self, text: str) -> Array:
        """[length] int64."""
        made = np.zeros(self.length, np.int64)
        found = [self._known.get(token, UNKNOWN) for token in self.tokens(text)[: self.length]]
        made[: len(found)] = found
        return made

    def to_json(self) -> dict[str, Any]:
        """Plain lists, texts and numbers, the vocabulary among them, to be kept beside a model."""
        return {
            **{word: getattr(self, word) for word in ("column", "level", "length", "most")},
            "vocabulary": list(self.vocabulary or ()),
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Text:
        """What `to_json` gave: texts become the same ids with it."""
        return cls(held["column"], held["level"], held["length"], held["most"], tuple(held["vocabulary"]))

    @cached_property
    def _known(self) -> dict[str, int]:
        return {token: id for id, token in enumerate(self.vocabulary or (), FIRST)}


@dataclass(frozen=True)
class Texts:
    """Samples of a table whose one input column is a text: x is ids [batch, length] int64.

    table: the same rows, with the number of a distinct text in place of each. text: with its vocabulary.
    """

    table: Table
    text: Text

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.table.inputs

    @property
    def classes(self) -> Classes | None:
        return self.table.classes

    @property
    def slow(self) -> bool:
        return False

    @property
    def left_out(self) -> int:
        return self.table.left_out

    @property
    def places(self) -> Array:
        return self.table.places

    def __len__(self) -> int:
        return len(self.table)

    def batch(self, indices: Array) -> tuple[Any, Any]:
        numbers, expected = self.table.batch(indices)
        return np.stack([self.text.ids(self.names[n]) for n in numbers[:, 0].tolist()]), expected

    def expected(self, indices: Array) -> Any:
        return self.table.expected(indices)

    def place(self, index: int) -> str:
        return self.table.place(index)

    def origin(self) -> dict[str, Any]:
        told = self.table.origin()
        columns = {key: part for key, part in told["columns"].items() if key != "inputs"}
        return {**told, "columns": columns, "text": self.text.to_json()}

    def filled_from(self, indices: Array) -> Texts:
        """The same samples, with the vocabulary of these alone."""
        return Texts(self.table, self.text.fitted(self._texts(indices)))

    def fitted(self) -> Texts:
        """With the vocabulary of all, where none is known."""
        return self if self.text.vocabulary is not None else self.filled_from(np.arange(len(self)))

    @property
    def names(self) -> Sequence[str]:
        """Each distinct text, by its number."""
        classes = self.table.columns.inputs["x"][0].classes
        return () if classes is None else classes.names

    def _texts(self, indices: Array) -> Iterable[str]:
        numbers, _ = self.table.batch(indices)
        return (self.names[n] for n in numbers[:, 0].tolist())

"""A look at data before anything is built for them: what each column holds, how many classes, the form of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import UsageError
from laminae.cli import data as given
from laminae.data.encoding import MISSING
from laminae.data.image import Preparation
from laminae.data.opening import TABLES, is_table

FEW = 20
"""Whole numbers of so few different values (and less than a fifth of the rows) are taken for classes."""

CATEGORIES = 50
"""Different texts that a column may have to be spread to a number each."""

KEPT = 20_000
"""Different values of a column that are kept."""


@dataclass
class ColumnLook:
    """What one column of a table holds. values: the different ones, as texts, how often each."""

    name: str
    rows: int = 0
    missing: int = 0
    numbers: bool = True
    whole: bool = True
    tokens: int = 0
    values: dict[str, int] = field(default_factory=dict)

    def add(self, cell: str | None) -> None:
        self.rows += 1
        if cell is None or cell.strip().lower() in MISSING:
            self.missing += 1
            return
        cell = cell.strip()
        if len(self.values) < KEPT or cell in self.values:
            self.values[cell] = self.values.get(cell, 0) + 1
        self.tokens = max(self.tokens, len(cell.split()))
        try:
            self.whole &= float(cell) % 1 == 0
        except ValueError:
            self.numbers = self.whole = False

    @property
    def classes(self) -> bool:
        """Whether it is taken for one class of several."""
        few = len(self.values) <= FEW and 5 * len(self.values) <= self.rows
        return not self.numbers or (self.whole and few)


@dataclass(frozen=True)
class Look:
    """data: what the description says of them. samples: how many. shape, dtype: of a sample of x. classes: how many there are,
    None of numbers; outputs: how many numbers are expected. ids: the largest id of x and one more, 0 where it is none."""

    data: Mapping[str, Any]
    samples: int
    shape: tuple[int, ...]
    dtype: str
    classes: int | None
    outputs: int
    ids: int = 0
    names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def look(path: str, asked: given.Asked, kind: str) -> Look:
    """Raises what reading raises, and UsageError for data without an expectation."""
    said: list[str] = []
    if Path(path).is_dir():
        data: dict[str, Any] = _folder(Path(path), asked, said)
    elif is_table(path):
        data = _table(path, asked, kind, said)
    else:
        data = {} if not asked.target else {"target": asked.target[0]}
    return _measured(path, data, asked, tuple(said))


def _measured(path: str, data: Mapping[str, Any], asked: given.Asked, said: tuple[str, ...]) -> Look:
    """The samples that these settings give, and what one of them is like."""
    from laminae.data import samples
    from laminae.data.interface import require_samples

    chosen = asked.over(data)
    made = require_samples(samples(path, given.named(chosen.target), images=chosen.images, **chosen.words()), "a look")
    x, expected = made.batch(np.array([0]))
    if isinstance(x, tuple | dict):
        raise UsageError("these data have several inputs", {"expected": "one; describe the model yourself: inputs: {a: …, b: …}"})
    if expected is None:
        raise UsageError("these data have no expectation", {"give": "--target COLUMN, or an .npz with x and y"})
    every = as_numpy(made.expected(np.arange(len(made))))
    x = as_numpy(x)
    classes = len(made.classes) if made.classes is not None else None
    if classes is None and not is_table(path) and every.dtype.kind in "iu" and every.ndim == 1:
        classes = int(every.max()) + 1
    names = made.classes.names if made.classes is not None else ()
    outputs = 1 if every.ndim == 1 else int(every.shape[1])
    ids = _ids(made, x)
    if data.get("text"):
        data = {**data, "text": {**data["text"], "most": ids}}
    return Look(data, len(made), tuple(x.shape[1:]), x.dtype.name, classes, outputs, ids, names, said)


def _ids(samples: Any, x: Any) -> int:
    """One more than the largest id, where x is whole numbers."""
    text = getattr(samples, "text", None)
    if text is not None:
        return len(text.vocabulary) + 2
    every = as_numpy(samples.batch(np.arange(len(samples)))[0]) if x.size and not samples.slow and x.ndim == 2 else x
    whole = every.dtype.kind in "iu" or bool((every % 1 == 0).all())
    return int(every.max()) + 1 if whole and every.size and every.min() >= 0 else 0


def _folder(path: Path, asked: given.Asked, said: list[str]) -> dict[str, Any]:
    """Of images of several sizes the commonest."""
    from laminae.data.folders import read_images
    from laminae.data.image import read_image

    found = read_images(path, asked.images or Preparation())
    places = np.unique(np.linspace(0, len(found) - 1, min(len(found), 60)).astype(int))
    shapes = [read_image(path / found.names[at], found.names[at]).array.shape for at in places]
    sizes = [shape[:2] for shape in shapes]
    held: dict[str, Any] = {}
    if asked.images is not None and asked.images.size is not None:
        held["size"] = list(asked.images.size)
    elif len(set(sizes)) > 1:
        held["size"] = list(max(set(sizes), key=sizes.count))
        said.append(f"the images are of {len(set(sizes))} sizes or more: all become {held['size'][0]} × {held['size'][1]}")
    if len({shape[2] for shape in shapes}) > 1:
        held["channels"] = 3
        said.append("some images are grey, some in colour: all become colour")
    return {"images": held} if held else {}


def columns_of(path: str, names: list[str] | None = None) -> list[ColumnLook]:
    """Every row read once."""
    source = TABLES[Path(path).suffix.lower()](Path(path))
    wanted = list(source.names) if names is None else names
    found = [ColumnLook(name) for name in wanted]
    for _, cells in source.blocks(wanted):
        for column, held in zip(found, cells, strict=True):
            texts = _texts(held) if isinstance(held, np.ndarray) else held
            for cell in texts:
                column.add(cell)
    return found


def _texts(numbers: Any) -> list[str | None]:
    return [None if x != x else str(int(x)) if x % 1 == 0 else repr(x) for x in numbers.tolist()]


def _table(path: str, asked: given.Asked, kind: str, said: list[str]) -> dict[str, Any]:
    """target, columns, categories, missing, text: what would make numbers of this table; an option that was given stands."""
    looks = {column.name: column for column in columns_of(path)}
    targets = _targets(path, asked, list(looks))
    held: dict[str, Any] = {"target": targets if len(targets) > 1 else targets[0]}
    words = asked.words()
    if asked.text is not None:
        held["text"] = _text(looks, words["text"].column, vars(words["text"]))
        return held | _target_words(looks, targets, asked, [])
    names = words["columns"] if isinstance(words["columns"], list) else [name for name in looks if name not in targets]
    inputs = [looks[name] for name in names if name in looks]
    texts = [column for column in inputs if not column.numbers and len(column.values) > min(CATEGORIES, max(2, column.rows // 5))]
    if kind == "transformer" and not all(column.numbers for column in inputs):
        column = max((c for c in inputs if not c.numbers), key=lambda c: c.tokens)
        others = [c.name for c in inputs if c is not column]
        if others:
            said.append(f"the text {column.name!r} is the one input; left out: {', '.join(others[:6])}")
        held["text"] = _text(looks, column.name, {})
        return held | _target_words(looks, targets, asked, [])
    if texts and asked.columns is None:
        kept = [column.name for column in inputs if column not in texts]
        said.append(f"left out, as texts of many kinds: {', '.join(c.name for c in texts)}")
        held["columns"] = kept
        inputs = [column for column in inputs if column not in texts]
        if not kept:
            raise UsageError(
                f"{path!r} has texts of many kinds and nothing else to learn from", {"the way out": "laminae init transformer"}
            )
    elif asked.columns is not None:
        held["columns"] = names
    return held | _target_words(looks, targets, asked, inputs)


def _targets(path: str, asked: given.Asked, names: list[str]) -> list[str]:
    """Those asked for, or the last. Raises UsageError with the nearest for one that is not there."""
    from laminae.data.columns import Choices, chosen

    target = given.named(asked.target)
    if len(names) < 2:
        raise UsageError(f"{path!r} has one column", {"columns": ", ".join(names), "expected": "an input and a target"})
    return [column.name for column in chosen(Choices(target), names, path).target]


def _target_words(
    looks: Mapping[str, ColumnLook], targets: list[str], asked: given.Asked, inputs: list[ColumnLook]
) -> dict[str, Any]:
    """categories and missing, of the target and of these inputs."""
    words = asked.words()
    held: dict[str, Any] = {}
    categories = {c.name: "one-hot" for c in inputs if not c.numbers} | {
        n: "ids" for n in targets if looks[n].classes and len(targets) == 1
    }
    categories |= words["categories"] or {}
    if categories:
        held["categories"] = categories
    if asked.missing != "error":
        held["missing"] = words["missing"]
        return held
    missing: dict[str, Any] = {c.name: "mean" if c.name not in categories else "unknown" for c in inputs if c.missing}
    missing |= {name: "drop" for name in targets if looks[name].missing}
    if missing:
        held["missing"] = missing
    return held


def _text(looks: Mapping[str, ColumnLook], name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Words, unless the texts have hardly any; as long as nineteen of twenty."""
    from laminae.data.texts import Text

    if name not in looks:
        raise UsageError(f"there is no column {name!r}", {"columns": ", ".join(looks)})
    values = list(looks[name].values)
    level = known.get("level") or "words"
    if not known:
        level = "words" if np.mean([len(text.split()) for text in values] or [0]) >= 3 else "characters"
    plain = Text(name, level)
    lengths = sorted(len(plain.tokens(text)) for text in values) or [1]
    length = (
        known["length"]
        if known and known["length"] != plain.length
        else min(256, max(4, lengths[int(0.95 * (len(lengths) - 1))]))
    )
    return {"column": name, "level": level, "length": int(length), "most": int(known.get("most", plain.most))}

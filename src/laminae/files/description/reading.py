"""A description read: what stands where, and an error with its line for what should not.

name: digits
seed: 0
input: [1, 8, 8]                        # or inputs: {image: [1, 8, 8], age: {shape: 1, dtype: float32}}
layers:
  - Conv: {out_channels: 16, kernel: 3, padding: same}
  - ReLU                                # each reads the one before it
  - Flatten
  - {Linear: 10, name: scores}          # a value without a name is the first argument
outputs: [scores]                       # the last layer, unless said
training: {loss: cross_entropy, epochs: 20}
data: {target: digit}
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError
from laminae.files.description.records import Description, InputLine, LayerLine
from laminae.files.description.tree import LARGEST, Part, parse

SUFFIXES = (".yaml", ".yml", ".json")

KEYS = ("name", "seed", "input", "inputs", "layers", "outputs", "training", "data")
BESIDE = ("name", "reads", "same")
INPUT = ("shape", "dtype", "name", "batch")
TRAINING = (
    *("loss", "optimizer", "lr", "schedule", "epochs", "batch", "validation", "metrics", "seed", "patience", "shuffle"),
    *("normalise", "freeze", "clip_norm", "clip_value", "accumulate", "average", "precision"),
)
DATA = ("target", "columns", "categories", "missing", "unseen", "text", "images")


def is_description(source: Any) -> bool:
    """Whether a path is written as that of a description."""
    return isinstance(source, (str, os.PathLike)) and os.fspath(source).lower().endswith(SUFFIXES)


def read(path: str | os.PathLike[str]) -> Description:
    """The description in a file. Raises FileError where it is missing, too large, no UTF-8, or not a description."""
    place = Path(path)
    try:
        with place.open("rb") as file:
            held = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise FileError(f"there is no file {str(path)!r}") from None
    except OSError as error:
        raise FileError(f"{str(path)!r} cannot be read", {"because": error.strerror or str(error)}) from None
    try:
        return described(held[: LARGEST + 1].decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        line = held[: error.start].count(b"\n") + 1
        raise FileError(f"line {line} of {str(path)!r} is broken", {"because": "no UTF-8"}) from None


def described(text: str, name: str = "the description") -> Description:
    """The description in a text. Raises FileError naming the line of what should not stand there."""
    return _Reader(name).description(parse(text, name))


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name

    def description(self, tree: Part) -> Description:
        held = self._mapping(tree, KEYS, "a description")
        if "layers" not in held:
            raise self._error(tree, "there are no layers", "layers: [Flatten, {Linear: 10}]")
        training = self._settings(held, "training", TRAINING)
        data = self._settings(held, "data", DATA)
        lines = {
            f"{word}.{key}": part.line for word, parts in (("training", training), ("data", data)) for key, part in parts.items()
        }
        lines |= {key: part.line for key, part in held.items()}
        return Description(
            self._name,
            self._text(held["name"], "name") if "name" in held else Path(self._name).stem,
            self._seed(held.get("seed")),
            self._inputs(tree, held),
            self._layers(held["layers"]),
            self._outputs(held.get("outputs")),
            {key: part.plain for key, part in training.items()},
            {key: part.plain for key, part in data.items()},
            lines,
        )

    def _inputs(self, tree: Part, held: Mapping[str, Part]) -> tuple[InputLine, ...]:
        if ("input" in held) == ("inputs" in held):
            raise self._error(tree, "a description has `input` or `inputs`, one of the two", "input: [1, 28, 28]")
        if "input" in held:
            return (self._input(held["input"], {}),)
        named = self._mapping(held["inputs"], None, "inputs")
        if not named:
            raise self._error(held["inputs"], "there are no inputs", "inputs: {image: [1, 28, 28]}")
        return tuple(self._input(part, {"name": name}) for name, part in named.items())

    def _input(self, part: Part, known: Mapping[str, Any]) -> InputLine:
        """A shape, or a mapping of arguments."""
        if not isinstance(part.value, dict):
            return InputLine({"shape": part.plain, **known}, part.line)
        held = self._mapping(part, tuple(word for word in INPUT if word not in known), "an input")
        if "shape" not in held:
            raise self._error(part, "the input has no shape", "shape: 64, or shape: [1, 28, 28]")
        return InputLine({**{key: value.plain for key, value in held.items()}, **known}, part.line)

    def _layers(self, part: Part) -> tuple[LayerLine, ...]:
        """A list of layers, or a mapping of them by name."""
        if isinstance(part.value, dict):
            found = tuple(self._layer(layer, name) for name, layer in part.value.items())
        elif isinstance(part.value, list):
            found = tuple(self._layer(layer) for layer in part.value)
        else:
            raise self._error(part, "`layers` is no list", "a list of layers, or a mapping of them by name")
        if not found:
            raise self._error(part, "there are no layers", "layers: [Flatten, {Linear: 10}]")
        return found

    def _layer(self, part: Part, name: str | None = None) -> LayerLine:
        if isinstance(part.value, str):
            return LayerLine(part.value, part.line, name=name)
        if not isinstance(part.value, dict):
            raise self._error(part, f"{_short(part)} is no layer", "ReLU, or Linear: 10, or Conv: {out_channels: 8, kernel: 3}")
        held: dict[str, Part] = dict(part.value)
        beside = {word: held.pop(word) for word in BESIDE if word in held}
        name = self._named(beside, name)
        reads = self._reads(beside["reads"]) if "reads" in beside else None
        if "same" in beside:
            return self._again(
                part, held, LayerLine("", part.line, name=name, reads=reads, same=self._text(beside["same"], "same"))
            )
        if len(held) != 1:
            found = ", ".join(held) or "none"
            ways = "one layer, beside it name: and reads:; its arguments stand behind its colon: Linear: {out: 10, bias: false}"
            raise self._error(part, f"this is one layer, and {len(held)} words could be its kind", ways, found=found)
        ((kind, given),) = held.items()
        arguments = {key: value.plain for key, value in given.value.items()} if isinstance(given.value, dict) else {}
        first = None if isinstance(given.value, dict) else given.plain
        self._beside_not_inside(given, arguments)
        return LayerLine(kind, part.line, arguments, first, name, reads)

    def _named(self, beside: Mapping[str, Part], name: str | None) -> str | None:
        if "name" not in beside:
            return name
        if name is not None:
            raise self._error(beside["name"], f"the layer has the name {name!r} already", "one name: the word before its colon")
        return self._text(beside["name"], "name")

    def _again(self, part: Part, held: Mapping[str, Part], line: LayerLine) -> LayerLine:
        if held:
            raise self._error(
                part, f"`same` stands beside {', '.join(held)}", "{same: NAME, reads: …}: that layer again, as it is"
            )
        return line

    def _beside_not_inside(self, part: Part, arguments: Mapping[str, Any]) -> None:
        odd = next((word for word in BESIDE if word in arguments), None)
        if odd is not None:
            raise self._error(
                part, f"`{odd}` is no argument of a layer", f"beside the layer: {{Linear: 10, {odd}: {arguments[odd]}}}"
            )

    def _reads(self, part: Part) -> tuple[str, ...]:
        several = part.value if isinstance(part.value, list) else [part]
        if not several:
            raise self._error(part, "`reads` is empty", "the names of one layer or more")
        return tuple(self._text(one, "reads") for one in several)

    def _outputs(self, part: Part | None) -> tuple[tuple[str, str], ...]:
        """[fc1, fc2], or {scores: fc1}."""
        if part is None:
            return ()
        if isinstance(part.value, dict):
            return tuple((name, self._text(layer, "outputs")) for name, layer in part.value.items())
        return tuple(("", name) for name in self._reads(part))

    def _seed(self, part: Part | None) -> int:
        if part is None:
            return 0
        if not isinstance(part.value, int) or isinstance(part.value, bool) or part.value < 0:
            raise self._error(part, f"{_short(part)} is no seed", "a whole number, 0 or more")
        return part.value

    def _settings(self, held: Mapping[str, Part], word: str, known: Sequence[str]) -> dict[str, Part]:
        return dict(self._mapping(held[word], known, word)) if word in held else {}

    def _mapping(self, part: Part, known: Sequence[str] | None, what: str) -> Mapping[str, Part]:
        """A mapping with none but these words."""
        if not isinstance(part.value, dict):
            raise self._error(part, f"{what} is no mapping", "words with a colon: " + ", ".join(known or ("name",)))
        odd = next((key for key in part.value if known is not None and key not in known), None)
        if odd is not None:
            there = {**nearest(odd, known or ()), "there are": ", ".join(known or ())}
            raise FileError(f"line {part.value[odd].line} of {self._name!r}: {what} has no {odd!r}", there)
        return part.value

    def _text(self, part: Part, what: str) -> str:
        """A word; a number that stands as a name is one too."""
        if isinstance(part.value, bool) or not isinstance(part.value, str | int):
            raise self._error(part, f"{_short(part)} is no {what}", "a word")
        return str(part.value)

    def _error(self, part: Part, what: str, expected: str, **more: str) -> FileError:
        return FileError(f"line {part.line} of {self._name!r}: {what}", {"expected": expected, **more})


def nearest(word: str, known: Iterable[str]) -> dict[str, str]:
    """The row that names the nearest words, where there are any; letters may be large or small."""
    small = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), small, n=3, cutoff=0.5)
    return {"did you mean": ", ".join(small[name] for name in near)} if near else {}


def _short(part: Part) -> str:
    text = repr(part.plain)
    return text if len(text) <= 60 else text[:57] + "…"

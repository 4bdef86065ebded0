"""A description built: its layers called on one another, as a user of Python would."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from laminae import layers
from laminae.api.model import Model
from laminae.base.errors import FileError, LaminaeError
from laminae.files.description.reading import nearest
from laminae.files.description.records import Description, LayerLine
from laminae.layers.layer import BuilderLayer
from laminae.layers.naming import Names

KINDS: dict[str, type[BuilderLayer[Any]]] = {
    name: kind
    for name, kind in vars(layers).items()
    if name in layers.__all__ and isinstance(kind, type) and issubclass(kind, BuilderLayer) and kind is not BuilderLayer
}
"""Every layer of the builder, by name."""


def build(description: Description) -> Model:
    """The model of a description, its weights drawn by its seed.

    Layers without a name are `linear_1`, `linear_2`…, as the builder calls them. Raises FileError naming the line and the layer,
    with the nearest words, of what is not known; what the layers raise has the line among its rows.
    """
    return _Building(description).model()


class _Building:
    def __init__(self, description: Description) -> None:
        self._said = description
        self._names = Names(avoided=[line.name for line in description.layers if line.name is not None])
        self._values: dict[str, Any] = {}
        self._layers: dict[str, BuilderLayer[Any]] = {}
        self._lines: dict[str, int] = {}
        self._ends: list[str] = []

    def model(self) -> Model:
        inputs = [self._input(line.arguments, line.line) for line in self._said.inputs]
        if len(inputs) > 1 and self._said.layers[0].reads is None:
            names = ", ".join(self._values)
            raise self._error(self._said.layers[0].line, "the first layer says no input", {"expected": f"reads: one of {names}"})
        for line in self._said.layers:
            self._layer(line)
        outputs = self._outputs()
        try:
            return Model(inputs, outputs, seed=self._said.seed, name=self._said.name)
        except LaminaeError as error:
            raise self._with_line(error) from None

    def _input(self, arguments: Mapping[str, Any], line: int) -> layers.Input:
        try:
            made = layers.Input(**{**arguments, "name": arguments.get("name") or self._names.input()})
        except LaminaeError as error:
            raise self._at(line, error) from None
        if str(made.name) in self._values:
            raise self._error(line, f"there are two inputs {made.name!r}", {"expected": "a name of its own"})
        self._add(str(made.name), (made,), ("",), line)
        return made

    def _layer(self, line: LayerLine) -> None:
        layer = self._again(line) if line.same is not None else self._made(line)
        values = [self._value(name, line.line) for name in line.reads or (self._ends[-1],)]
        name = str(line.name or (self._names.automatic("again") if line.same is not None else layer.name))
        if name in self._values:
            raise self._error(line.line, f"there are two layers {name!r}", {"expected": "a name of its own"})
        try:
            outs = layer(*values)
        except LaminaeError as error:
            raise self._at(line.line, error) from None
        self._layers[name] = layer
        self._add(name, outs if isinstance(outs, tuple) else (outs,), layer.results, line.line)

    def _made(self, line: LayerLine) -> BuilderLayer[Any]:
        if line.kind not in KINDS:
            there = {**nearest(line.kind, KINDS), "there are": ", ".join(sorted(KINDS))}
            raise self._error(line.line, f"there is no layer {line.kind!r}", there)
        kind = KINDS[line.kind]
        arguments = self._arguments(line, kind)
        try:
            return kind(**arguments, name=line.name or self._names.automatic(kind.__name__.lower()))
        except LaminaeError as error:
            raise self._at(line.line, error) from None

    def _arguments(self, line: LayerLine, kind: type[BuilderLayer[Any]]) -> dict[str, Any]:
        """By name, as the kind has them. Raises FileError for one that it has not, and for one that is missing."""
        known = {field.name: field for field in dataclasses.fields(kind) if field.name != "name"}
        found = dict(line.arguments)
        takes = {"it takes": ", ".join(known) or "no argument"}
        if line.first is not None:
            if not known:
                raise self._error(line.line, f"{line.kind} takes no argument", {"write": f"- {line.kind}"})
            found[_first(known)] = line.first
        odd = next((name for name in found if name not in known), None)
        if odd is not None:
            raise self._error(line.line, f"{line.kind} has no argument {odd!r}", {**nearest(odd, known), **takes})
        nothing = dataclasses.MISSING
        missing = [
            name for name, f in known.items() if name not in found and f.default is nothing and f.default_factory is nothing
        ]
        if missing:
            raise self._error(line.line, f"{line.kind} needs {' and '.join(missing)}", takes)
        return found

    def _again(self, line: LayerLine) -> BuilderLayer[Any]:
        name = str(line.same)
        if name not in self._layers:
            raise self._error(line.line, f"`same` names no layer before it: {name!r}", nearest(name, self._layers))
        return self._layers[name]

    def _value(self, name: str, line: int) -> Any:
        if name not in self._values:
            before = {**nearest(name, self._values), "before it stand": _some(list(self._values))}
            raise self._error(line, f"there is no layer {name!r} to read", before)
        return self._values[name]

    def _outputs(self) -> Any:
        """The last layer's value; those that are named; or by the names they are to bear."""
        said = self._said.outputs
        if not said:
            return self._values[self._ends[-1]]
        line = self._said.lines.get("outputs", self._said.layers[-1].line)
        values = [self._value(layer, line) for _, layer in said]
        return {name: value for (name, _), value in zip(said, values, strict=True)} if said[0][0] else values

    def _add(self, name: str, values: Sequence[Any], suffixes: Sequence[str], line: int) -> None:
        self._values.update({name + suffix: value for suffix, value in zip(suffixes, values, strict=True)})
        self._names.taken.add(name)
        self._lines[name] = line
        self._ends.append(name)

    def _with_line(self, error: LaminaeError) -> LaminaeError:
        """An error that names a layer, with the layer's line."""
        named = re.search(r"layer '([^']+)'", error.message)
        line = self._lines.get(named[1]) if named else None
        return error if line is None else self._at(line, error)

    def _at(self, line: int, error: LaminaeError) -> LaminaeError:
        return type(error)(error.message, {"where": self._said.place(line), **error.details})

    def _error(self, line: int, what: str, details: Mapping[str, object]) -> FileError:
        return FileError(f"{self._said.place(line)}: {what}", details)


def _first(known: Mapping[str, Any]) -> str:
    """The argument that a value without a name is for."""
    return next(iter(known))


def _some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[-most:]) if len(names) <= most else "… " + ", ".join(names[-most:])

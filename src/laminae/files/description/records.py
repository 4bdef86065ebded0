"""What a description says, as plain records with their lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class LayerLine:
    """One layer. kind: of the builder's layers ("Linear"). arguments: by name. first: the value that stands without a name, for
    the first argument. reads: the layers or inputs it reads; None for the one before it. same: the layer that it is again, with
    the same parameters; then it has no kind.
    """

    kind: str
    line: int
    arguments: Mapping[str, Any] = field(default_factory=dict)
    first: Any = None
    name: str | None = None
    reads: tuple[str, ...] | None = None
    same: str | None = None


@dataclass(frozen=True)
class InputLine:
    """Where an x enters: the arguments of an Input, by name."""

    arguments: Mapping[str, Any]
    line: int


@dataclass(frozen=True)
class Description:
    """file: what errors call it. outputs: the layers that are outputs, by the names they are to bear ("" for the layer's own);
    empty for the last. training, data: settings by name, in plain lists, dicts, texts and numbers; lines: where each stands,
    `lines["training.epochs"]`."""

    file: str
    name: str
    seed: int
    inputs: tuple[InputLine, ...]
    layers: tuple[LayerLine, ...]
    outputs: tuple[tuple[str, str], ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def place(self, line: int) -> str:
        """`line 4 of 'model.yaml'`."""
        return f"line {line} of {self.file!r}"

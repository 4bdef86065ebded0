"""One file being read: what every part of the reader needs, and the errors that name the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from laminae.base.errors import LaminaeError, ModelError
from laminae.files.external import ExternalData
from laminae.files.skim import Cuts
from laminae.graph.graph import Function


@dataclass
class Reading:
    """label: what messages call the file. cuts: the weights that were left in the map. functions: those of the model."""

    label: str
    external: ExternalData
    head: bytes = b""
    cuts: Cuts | None = None
    functions: dict[tuple[str, str, str], Function] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)

    def error(
        self, message: str, details: Mapping[str, object] | None = None, kind: type[LaminaeError] = ModelError
    ) -> LaminaeError:
        """An error whose first row is the file."""
        return kind(message, {"file": self.label, **(details or {})})

    def text(self, value: Any, what: str) -> str:
        """A string of the file. Raises ModelError where its bytes are not UTF-8."""
        if isinstance(value, str):
            return value
        raise self.error(f"{what} is not UTF-8 text", {"found": bytes(value)[:60]})


class Scope:
    """The names that can be read at one place: those of a graph, then those of the graphs around it."""

    def __init__(self, outer: Scope | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.outer = outer

    def find(self, name: str) -> Any:
        """The value or parameter of that name, the innermost first; None where nobody makes it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


class Names:
    """Gives each layer a name of its own: the second `relu` becomes `relu#2`."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}

    def give(self, name: str) -> str:
        given, number = name, self.counts.get(name, 1)
        while given in self.taken:
            number += 1
            given = f"{name}#{number}"
        self.counts[name] = number
        self.taken.add(given)
        return given

"""Names of classes and their ids, 0 to the number of classes − 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from laminae.base.errors import UsageError

UNSEEN = -1
"""The id of what is no class, where that is no error."""


@dataclass(frozen=True)
class Classes:
    """The names, in the order of their ids. As JSON: `list(classes.names)`, and back `Classes(names)`."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(map(str, self.names)))
        if len(set(self.names)) != len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise UsageError(f"class {twice!r} is named twice", {"classes": some(self.names)})

    @classmethod
    def of(cls, found: Iterable[Any]) -> Classes:
        """Those that occur, in order: of the numbers where all are numbers, otherwise of the alphabet."""
        names = {str(name) for name in found}
        try:
            return cls(tuple(sorted(names, key=float)))
        except ValueError:
            return cls(tuple(sorted(names)))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, id: int) -> str:
        """The name of a class by its id. Raises IndexError."""
        return self.names[id]

    def __contains__(self, name: object) -> bool:
        return name in self._ids

    def ids(
        self, names: Sequence[Any], place: Callable[[int], str] = "sample {}".format, *, strict: bool = True
    ) -> np.ndarray[Any, Any]:
        """The id of each name, int64. Unseen names: UsageError with the place of the first, or UNSEEN where not strict."""
        known = self._ids
        found = np.fromiter((known.get(str(name), UNSEEN) for name in names), np.int64, len(names))
        if strict and len(found) and found.min() < 0:
            at = int(np.argmin(found))
            raise UsageError(
                f"{place(at)}: {str(names[at])[:60]!r} is a class that was not seen before",
                {"classes": some(self.names), "the ways out": 'unseen="drop" leaves such samples out'},
            )
        return found

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {name: id for id, name in enumerate(self.names)}


def some(names: Sequence[str], most: int = 8) -> str:
    """The first names, and how many more there are."""
    more = f" … {len(names)} in all" if len(names) > most else ""
    return ", ".join(name[:40] for name in names[:most]) + more

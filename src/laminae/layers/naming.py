"""Names: given ones, `linear_1` for who has none, `relu#2` for who comes again. No two the same."""

from __future__ import annotations

from collections.abc import Iterable

from laminae.base.errors import UsageError


class Names:
    """The names in use: of layers, values and parameters together, so that none of them is ever mistaken for another.

    avoided: names that are not taken yet, but not to be made up either.
    """

    def __init__(self, taken: Iterable[str] = (), avoided: Iterable[str] = ()) -> None:
        self.taken, self.avoided = set(taken), set(avoided)
        self._next: dict[str, int] = {}

    def fresh(self, name: str) -> str:
        """The name, or where it is taken `name#2`, `name#3`…; taken from now on."""
        found = name if name not in self.taken else self._numbered(name, "#", 2)
        self.taken.add(found)
        return found

    def automatic(self, kind: str) -> str:
        """`linear_1`, `linear_2`…; taken from now on."""
        found = self._numbered(kind, "_", 1)
        self.taken.add(found)
        return found

    def input(self) -> str:
        """`input`, then `input_2`, `input_3`…; taken from now on."""
        found = "input" if "input" not in self.taken else self._numbered("input", "_", 2)
        self.taken.add(found)
        return found

    def _numbered(self, stem: str, mark: str, first: int) -> str:
        number = self._next.get(stem + mark, first)
        while (found := f"{stem}{mark}{number}") in self.taken or found in self.avoided:
            number += 1
        self._next[stem + mark] = number + 1
        return found


def require_name(owner: object, name: object) -> None:
    """Raises UsageError unless `name` is None or a name: text, with `/` only between the parts of a path."""
    if name is None:
        return
    if not isinstance(name, str) or not all(part.strip() for part in name.split("/")):
        raise UsageError(
            f"{name!r} is no name for a layer",
            {
                "layer": type(owner).__name__,
                "expected": "text; with slashes the parts before the last are groups ('encoder/fc')",
                "found": repr(name),
            },
        )

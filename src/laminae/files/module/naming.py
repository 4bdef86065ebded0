"""The names a person knows: groups by module path, layers by the operator in them, passes where a module is called again."""

from __future__ import annotations

from collections.abc import Iterable

from laminae.graph.graph import unique_name

Stack = tuple[tuple[str, str, str], ...]
"""The modules around an operator from the outermost in: (key of this call, path of the module, its class)."""


NOWHERE = "_empty_nn_module_stack"
"""How torch calls the module of what stands in none: sizes of inputs."""


class Groups:
    """The path of the group of every call. A module called several times is `relu#1`, `relu#2`, each within its parent's call."""

    def __init__(self, stacks: Iterable[Stack]) -> None:
        self._calls: dict[tuple[str, ...], dict[str, list[str]]] = {}
        self.classes: dict[str, str] = {}
        kept = list(stacks)
        for stack in kept:
            for parent, (key, path, _) in _walk(stack):
                seen = self._calls.setdefault(parent, {}).setdefault(path, [])
                if key not in seen:
                    seen.append(key)
        for stack in kept:
            self.path(stack)

    def path(self, stack: Stack) -> str:
        """`encoder/layer/0`; empty for the module itself."""
        parts: list[str] = []
        outer = ""
        self.classes.update(("", kind) for _, path, kind in stack if not path)
        for parent, (key, path, kind) in _walk(stack):
            calls = self._calls[parent][path]
            leaf = path.removeprefix(outer + ".") if outer else path
            leaf = leaf.replace(".", "/") + (f"#{calls.index(key) + 1}" if len(calls) > 1 else "")
            outer = path
            if leaf:
                parts.append(leaf)
            self.classes["/".join(parts)] = kind
        return "/".join(parts)


def _walk(stack: Stack) -> Iterable[tuple[tuple[str, ...], tuple[str, str, str]]]:
    """Each call with those around it; the module itself, which bears different keys, is left out."""
    keys: tuple[str, ...] = ()
    for call in (call for call in stack if call[1] and not call[1].startswith(NOWHERE)):
        yield keys, call
        keys = (*keys, call[0])


class Names:
    """Names of layers, each once: the group's path and the operator, `fc1/linear`, `fc1/linear#2`."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def new(self, group: str, operator: str) -> str:
        leaf = operator.partition(".")[0].strip("_") or operator
        name = unique_name(f"{group}/{leaf}" if group else leaf, self.taken)
        self.taken.add(name)
        return name

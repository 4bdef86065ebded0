"""Store policies: which layers' outputs a trace keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from laminae.base.errors import UsageError
from laminae.graph import Graph
from laminae.graph.select import is_glob, matches, one, under


@dataclass(frozen=True)
class Policy:
    """Which outputs to keep: every one, or those of the layers that a glob means. Hashable: plans are kept by it.

    prefix: the path of the body that this policy looks into, ending in `/`.
    """

    everything: bool = True
    globs: tuple[str, ...] = ()
    prefix: str = ""

    def keeps(self, name: str, path: str, operator: str) -> bool:
        """Whether the outputs of a layer are kept."""
        if self.everything:
            return True
        name, path = self.prefix + name, self.prefix + path
        return any(
            matches(glob, name=name, path=path, operator=operator) or path.startswith(glob.strip("/") + "/")
            for glob in self.globs
        )

    def inside(self, path: str) -> Policy:
        """The policy for a body at that path."""
        return self if self.everything or not self.globs else Policy(False, self.globs, f"{self.prefix}{path}/")


ALL = Policy()
NONE = Policy(everything=False)


def policy(store: object, graph: Graph) -> Policy:
    """What a user says: True or "all", False or "none", one name, group or glob, or several.

    Raises UnknownNameError for a name that means no layer, UsageError for anything else.
    """
    if store is True or store is None or store == "all":
        return ALL
    if store is False or store == "none":
        return NONE
    globs = (store,) if isinstance(store, str) else tuple(store) if isinstance(store, Iterable) else ()
    if not all(isinstance(glob, str) for glob in globs) or (not globs and not isinstance(store, Iterable)):
        raise UsageError(
            f"store={store!r} is not a store policy", {"expected": "True, False, a name, a glob, or a list of these"}
        )
    for glob in globs:
        if not is_glob(glob) and not glob.startswith("op:") and "/" not in glob and not under(graph, glob):
            one(graph, glob)
    return Policy(False, globs)

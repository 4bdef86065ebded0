"""Store policies: which layers' outputs a trace keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from laminae.base.errors import UsageError
from laminae.graph import Graph
from laminae.graph.select import matches, unknown


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

    Raises UnknownNameError for a name or glob that means no layer, those in bodies included; UsageError for anything else.
    """
    if store is True or store is None or store == "all":
        return ALL
    if store is False or store == "none":
        return NONE
    globs = (store,) if isinstance(store, str) else tuple(store) if isinstance(store, Iterable) else None
    if globs is None or not all(isinstance(glob, str) for glob in globs):
        raise UsageError(
            f"store={store!r} is not a store policy", {"expected": "True, False, a name, a group, a glob, or a list of these"}
        )
    for glob in globs:
        _require_some(graph, glob)
    return Policy(False, globs)


def _require_some(graph: Graph, glob: str) -> None:
    only = Policy(False, (glob,))
    if glob in graph.index.by_name or any(only.keeps(x.name, x.path, x.operator) for x in graph.layers):
        return
    for prefix, inner in graph.graphs():
        if any(only.keeps(prefix + x.name, prefix + x.path, x.operator) for x in inner.layers):
            return
    raise unknown("layer", glob, graph.index.by_name)

"""Store policies: which layers' outputs a trace keeps, and what of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from laminae.base.errors import UsageError
from laminae.graph import Graph, Layer
from laminae.graph.inside import some_inside
from laminae.graph.select import groups, is_glob, matches, unknown
from laminae.plan.store import Store


@dataclass(frozen=True)
class Policy:
    """Rules in order: the first that means a layer says what is kept of it. Hashable: plans are kept by it.

    prefix: the path of the body that this policy looks into, ending in `/`.
    """

    rules: tuple[Store, ...] = (Store(),)
    prefix: str = ""
    _hash: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.rules, self.prefix)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def everything(self) -> bool:
        """Whether all of every value is kept."""
        return bool(self.rules) and self.rules[0].everything and self.rules[0].whole

    def rule(self, layer: Layer) -> Store | None:
        """What is kept of a layer's outputs; None where nothing is."""
        return next((rule for rule in self.rules if rule.means(layer, self.prefix)), None)

    def inside(self, path: str) -> Policy:
        """The policy for a body at that path."""
        return self if self.everything or not self.rules else Policy(self.rules, f"{self.prefix}{path}/")


ALL = Policy()
NONE = Policy(())


def policy(store: object, graph: Graph) -> Policy:
    """What a user says: True or "all", False or "none", a name, a group, a glob, a Store, a function of the layer, or several.

    Raises UnknownNameError for a name or glob that means no layer, those in bodies included; UsageError for anything else.
    """
    if store is True or store is None or store == "all":
        return ALL
    if store is False or store == "none":
        return NONE
    several = isinstance(store, Iterable) and not isinstance(store, str | Store | Callable | Mapping)
    parts = tuple(store) if several else (store,)  # type: ignore[arg-type]
    if not all(isinstance(part, str | Store) or callable(part) for part in parts):
        raise UsageError(
            f"store={store!r} is not a store policy",
            {"expected": "True, False, a name, a group, a glob, a function of the layer, a Store, or a list of these"},
        )
    rules = tuple(part if isinstance(part, Store) else Store(part) for part in parts)  # type: ignore[arg-type]
    return Policy(tuple(_meant(graph, rule) for rule in rules))


def _meant(graph: Graph, rule: Store) -> Store:
    """The rule with its globs on groups as globs on the layers in them. Raises UnknownNameError for one that means nothing."""
    if rule.everything or callable(rule.layers):
        return rule
    globs = (rule.layers,) if isinstance(rule.layers, str) else rule.layers
    found = tuple(_glob(graph, glob) for glob in globs)
    return rule if found == tuple(globs) else replace(rule, layers=found)


def _glob(graph: Graph, glob: str) -> str:
    only = Store(glob)
    if glob in graph.index.by_name or any(only.means(layer) for layer in graph.layers):
        return glob
    found, every = some_inside(graph.layers)
    if not every or any(only.means(layer, path.removesuffix(layer.path)) for path, layer in found):
        return glob
    if is_glob(glob) and any(matches(glob, name=path, path=path, operator="") for path in groups(graph)):
        return f"{glob.rstrip('/')}/**"
    raise unknown("layer", glob, graph.index.by_name)

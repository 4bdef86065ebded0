"""Store policies: which layers' outputs a trace keeps, and what of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from laminae.base.errors import UsageError
from laminae.graph import Graph, Layer
from laminae.graph.select import unknown
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
    parts = (store,) if isinstance(store, str | Store | Callable) else store
    if not isinstance(parts, Iterable) or not all(isinstance(part, str | Store) or callable(part) for part in parts):
        raise UsageError(
            f"store={store!r} is not a store policy",
            {"expected": "True, False, a name, a group, a glob, a function of the layer, a Store, or a list of these"},
        )
    rules = tuple(part if isinstance(part, Store) else Store(part) for part in parts)
    for rule in rules:
        _require_some(graph, rule)
    return Policy(rules)


def _require_some(graph: Graph, rule: Store) -> None:
    if rule.everything or callable(rule.layers):
        return
    for glob in (rule.layers,) if isinstance(rule.layers, str) else rule.layers:
        only = Store(glob)
        if glob in graph.index.by_name or any(only.means(layer) for layer in graph.layers):
            continue
        if not any(only.means(layer, prefix) for prefix, inner in graph.graphs() for layer in inner.layers):
            raise unknown("layer", glob, graph.index.by_name)

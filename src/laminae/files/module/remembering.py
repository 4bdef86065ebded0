"""What a module keeps beside its tensors: left as it was by an opening, and looked at, for a graph cannot go on counting."""

from __future__ import annotations

import random
import warnings
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from laminae.base import torch

CONTAINERS = (list, dict, set, deque)

PLAIN = (int, float, complex, bool, str, bytes, type(None))


class State:
    """The attributes of a module and of the modules inside it; inside the block they may change, afterwards they are as before.

    changed: what did change, by name (`self.head.count`), and the generators of random numbers that are not torch's.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.changed: list[str] = []

    def __enter__(self) -> State:
        self.before = [(name, held, _attributes(held)) for name, held in _holders(self.module)]
        inside = [held for inner in self.module.modules() for key, held in vars(inner).items() if key in _hooks()]
        self.hooks = [(held, dict(held)) for held in inside]
        self.draws = _generators()
        return self

    def look(self, *_: object) -> None:
        """Note what is not as it was: at the end of forward, for torch.export itself puts plain numbers back."""
        self.changed += [name for name, state in _generators().items() if state != self.draws[name]]
        for name, held, before in self.before:
            now = _of_users(held)
            found = [key for key in now if key not in before or _differs(now[key], *before[key])]
            self.changed += [f"self.{name}.{key}" if name else f"self.{key}" for key in found]

    def __exit__(self, *_: object) -> None:
        for _name, held, before in self.before:
            _put_back(held, before)
        for hooks, content in self.hooks:  # some modules hook themselves at their first call, and note that they have
            if list(hooks) != list(content):
                _refill(hooks, content)


def _holders(module: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where attributes are kept: in modules, and in the plain objects that these hold."""
    seen: set[int] = set()
    for name, inner in module.named_modules():
        own = vars(inner)
        yield name, own
        for key, value in _of_users(own).items():
            if _is_plain_object(value) and id(value) not in seen:
                seen.add(id(value))
                yield f"{name}.{key}" if name else key, vars(value)


def _is_plain_object(value: Any) -> bool:
    return isinstance(getattr(value, "__dict__", None), dict) and not isinstance(
        value, (torch.nn.Module, torch.Tensor, type, torch.fx.Graph)
    )


def _of_users(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes without what every nn.Module has."""
    return {key: value for key, value in attributes.items() if key not in _internal()}


@cache
def _internal() -> frozenset[str]:
    return frozenset(vars(torch.nn.Module())) - {"training"}


@cache
def _hooks() -> frozenset[str]:
    return frozenset(key for key in _internal() if key.endswith("hooks") or "_hooks_" in key)


def _attributes(held: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Each with a copy of what it holds, where it is a container."""
    return {key: (value, value.copy() if type(value) in CONTAINERS else None) for key, value in _of_users(held).items()}


def _put_back(held: dict[str, Any], before: Mapping[str, tuple[Any, Any]]) -> None:
    """Every attribute as it was."""
    for key in _of_users(held).keys() - before.keys():
        del held[key]
    for key, (old, content) in before.items():
        if held.get(key, held) is not old:
            held[key] = old
        if content is not None and not _holds(old, content):
            _refill(old, content)


def _differs(now: Any, old: Any, content: Any) -> bool:
    """Whether an attribute has another value, or the container in it another content."""
    if content is not None:
        return type(now) is not type(content) or not _holds(now, content)
    return now is not old and not (isinstance(old, PLAIN) and type(old) is type(now) and old == now)


def _holds(container: Any, content: Any) -> bool:
    """Whether a container still holds the same things in the same order."""
    if len(container) != len(content):
        return False
    pairs = zip(container.items(), content.items(), strict=True) if isinstance(container, dict) else None
    if pairs is not None:
        return all(a[0] is b[0] and a[1] is b[1] for a, b in pairs)
    return container == content if isinstance(container, set) else all(a is b for a, b in zip(container, content, strict=True))


def _refill(container: Any, content: Any) -> None:
    container.clear()
    (container.extend if isinstance(container, (list, deque)) else container.update)(content)


def _generators() -> dict[str, Any]:
    """The state of the generators of random numbers that torch knows nothing of."""
    numbers: Any = np.random.get_state()
    return {"Python's random": random.getstate(), "numpy.random": (numbers[1].tobytes(), *numbers[2:])}


def remembers(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a second call gives something else than the first. What is only noted, or made once, does no harm."""
    tree = torch.utils._pytree
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    results = []
    with torch.no_grad(), torch.random.fork_rng(), warnings.catch_warnings(), State(module):
        warnings.simplefilter("ignore")
        try:
            for _ in range(2):
                torch.manual_seed(0)
                given = tree.tree_map(lambda x: x.clone() if isinstance(x, torch.Tensor) else x, (tuple(args), dict(kwargs)))
                results.append([_kept(x) for x in tree.tree_leaves(module(*given[0], **given[1]))])
                for buffer, value in buffers:
                    buffer.copy_(value)
        except Exception:
            return True
    first, second = results
    return len(first) != len(second) or not all(map(_same, first, second))


def _kept(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value


def _same(a: Any, b: Any) -> bool:
    """Whether two results are equal, bit for bit; what is neither tensor nor plain says nothing."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())
    return not (isinstance(a, PLAIN) or isinstance(b, PLAIN)) or (type(a) is type(b) and (a == b or a != a))

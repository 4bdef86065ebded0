"""Sizes that may vary: said by the user (`{"x": {0: "batch"}}`), or found by comparing two examples."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.errors import UsageError

SECOND = "dynamic=(x2,), as example=(x,), or the sizes that vary by name: dynamic={'x': {0: 'batch'}}"


class Sizes:
    """What varies of which argument. Names that are equal are sizes that are equal."""

    def __init__(self, args: Sequence[Any], kwargs: Mapping[str, Any], dynamic: Any) -> None:
        self.args, self.kwargs, self.dynamic = tuple(args), dict(kwargs), dynamic
        self.marked: list[tuple[Any, int, str]] = []

    def for_export(self, module: Any) -> Any:
        """`dynamic_shapes` of torch.export: in the structure of the arguments; None where nothing varies."""
        self.marked.clear()
        if not self.dynamic:
            return None
        arranged = self._by_argument(module)
        return self._like(arranged, self.dynamic if isinstance(self.dynamic, Mapping) else None, arranged_second(self, module))

    def _by_argument(self, module: Any) -> dict[str, Any]:
        """The example by the names of forward's arguments; those of *args under the name of the star."""
        return _bound(module, self.args, self.kwargs, "the example is not what forward takes")

    def _like(self, arranged: dict[str, Any], said: Mapping[str, Any] | None, second: dict[str, Any] | None) -> dict[str, Any]:
        if said is not None:
            unknown = said.keys() - arranged.keys()
            if unknown:
                raise UsageError(
                    f"dynamic= names {', '.join(map(repr, sorted(unknown)))}, which the example does not have",
                    {"there are": ", ".join(arranged)},
                )
            return {name: self._said(value, said.get(name), name) for name, value in arranged.items()}
        assert second is not None
        pairs: dict[tuple[int, int], str] = {}
        return {name: self._found(value, second.get(name), pairs, name) for name, value in arranged.items()}

    def _said(self, value: Any, said: Any, name: str) -> Any:
        """What a user said of one argument, in its structure."""
        if isinstance(value, torch.Tensor):
            if said is not None and not (isinstance(said, Mapping) and all(type(axis) is int for axis in said)):
                raise _missaid(said, name, f"{{{name!r}: {{0: 'batch'}}}}, the axis and a name for its size")
            return self._dims(value, dict(said or {}))
        if isinstance(value, Mapping):
            if said is not None and not (isinstance(said, Mapping) and said.keys() <= value.keys()):
                raise _missaid(said, name, f"a dict with keys of {', '.join(map(repr, value))}")
            return {key: self._said(part, (said or {}).get(key), f"{name}.{key}") for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            if said is not None and not (isinstance(said, (list, tuple)) and len(said) == len(value)):
                raise _missaid(said, name, f"a list of {len(value)}, one for each part: [{{0: 'batch'}}, None, …]")
            pairs = zip(value, said or [None] * len(value), strict=True)
            return _as(value, [self._said(part, one, f"{name}.{i}") for i, (part, one) in enumerate(pairs)])
        if said:
            raise _missaid(said, name, f"nothing of {name!r}: it is a {type(value).__name__}, which has no sizes")
        return None

    def _found(self, value: Any, other: Any, pairs: dict[tuple[int, int], str], name: str) -> Any:
        """What differs between two examples of one argument. Sizes that differ alike have one name."""
        if isinstance(value, torch.Tensor):
            if len(getattr(other, "shape", ())) != value.ndim or not hasattr(other, "shape"):
                raise UsageError(f"the second example of {name!r} is no tensor of rank {value.ndim}", {"write": SECOND})
            differing = [axis for axis in range(value.ndim) if value.shape[axis] != other.shape[axis]]
            sizes = [(value.shape[axis], other.shape[axis]) for axis in differing]
            named = (pairs.setdefault(pair, f"n{len(pairs)}") for pair in sizes)
            return self._dims(value, dict(zip(differing, named, strict=True)))
        if isinstance(value, (Mapping, list, tuple)):
            alike = isinstance(other, Mapping if isinstance(value, Mapping) else (list, tuple)) and len(other) == len(value)
            if not alike or (isinstance(value, Mapping) and value.keys() != other.keys()):
                raise UsageError(f"the second example of {name!r} is not arranged as the first", {"write": SECOND})
        if isinstance(value, Mapping):
            return {key: self._found(part, other[key], pairs, f"{name}.{key}") for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            found = [self._found(a, b, pairs, f"{name}.{i}") for i, (a, b) in enumerate(zip(value, other, strict=True))]
            return _as(value, found)
        return None

    def _dims(self, tensor: Any, named: dict[int, str]) -> dict[int, Any]:
        """axis → torch's word for a size that varies; within which range, the module's own code says."""
        for axis, name in named.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise UsageError(f"dynamic= needs a name for axis {axis}, not {name!r}", {"write": '{"x": {0: "batch"}}'})
            if not -tensor.ndim <= axis < tensor.ndim:
                raise UsageError(f"dynamic= names axis {axis} of a tensor of rank {tensor.ndim}")
            if tensor.shape[axis] < 2:
                raise UsageError(
                    f"size {name!r} is {tensor.shape[axis]} in the example, and torch.export fixes sizes of 0 and 1",
                    {"the way out": f"an example whose size at axis {axis} is 2 or more; other sizes may then be given, 1 too"},
                )
            self.marked.append((tensor, axis % tensor.ndim, name))
        return {axis % tensor.ndim: torch.export.Dim.DYNAMIC for axis in named}

    def symbols(self, program: Any) -> dict[str, str]:
        """Symbol of the export (`s27`) → the name it was given, by the inputs in which it stands alone."""
        if not self.marked:
            return {}
        leaves = torch.utils._pytree.tree_leaves((self.args, self.kwargs))
        users = set(program.graph_signature.user_inputs)
        nodes = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in users]
        values = {id(leaf): node.meta["val"] for leaf, node in zip(leaves, nodes, strict=False)}
        return {str(values[id(tensor)].shape[axis]): name for tensor, axis, name in self.marked if id(tensor) in values}


def arranged_second(sizes: Sizes, module: Any) -> dict[str, Any] | None:
    """The second example by the names of forward's arguments."""
    if isinstance(sizes.dynamic, Mapping):
        return None
    second = sizes.dynamic if isinstance(sizes.dynamic, (tuple, list)) else (sizes.dynamic,)
    return _bound(module, second, sizes.kwargs, "dynamic= is no second example: forward does not take it")


def _bound(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], otherwise: str) -> dict[str, Any]:
    """Arguments by their names, those of **kwargs too. Raises UsageError with the words of otherwise."""
    signature = inspect.signature(module.forward)
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        takes = ", ".join(signature.parameters)
        raise UsageError(otherwise, {"because": str(error), "takes": takes, "write": SECOND}) from None
    found: dict[str, Any] = {}
    for name, value in bound.items():
        found.update(value if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value})
    return found


def _missaid(said: Any, name: str, write: str) -> UsageError:
    return UsageError(f"dynamic= says {said!r} of {name!r}", {"write": write})


def _as(value: Any, parts: list[Any]) -> Any:
    """Parts as the list, tuple or named tuple that value is."""
    return value._make(parts) if hasattr(value, "_make") else type(value)(parts)

"""torch's optimisers, by name with their arguments or as objects, with groups of weights by glob."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.graph.select import matches, unknown


@dataclass(frozen=True)
class Optimizer:
    """One of `torch.optim`, by name ("adamw"; upper case does not count), and its arguments.

    groups: glob on weights' names → the arguments that differ for them; the first that means a weight holds.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for arguments in (self.arguments, *self.groups.values()):
            rate = arguments.get("lr")
            if isinstance(rate, int | float) and not rate > 0:
                raise UsageError(f"a learning rate of {rate!r} is not possible", {"expected": "a number above 0, such as 1e-3"})

    def make(self, weights: Mapping[str, Any]) -> Any:
        """The torch object over these weights by name. Raises UsageError for what torch does not take."""
        kind = named(self.name)
        groups = self._grouped(weights)
        try:
            return kind(groups if len(groups) > 1 or "name" in groups[0] else groups[0]["params"], **self.arguments)
        except (TypeError, ValueError) as error:
            takes = [name for name in inspect.signature(kind).parameters if name not in ("params", "self")]
            raise UsageError(
                f"optimizer {self.name!r} does not take that",
                {"because": str(error).split(") ")[-1], "it takes": ", ".join(takes)},
            ) from None

    def _grouped(self, weights: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: dict[str, list[Any]] = {glob: [] for glob in self.groups}
        rest: list[Any] = []
        for name, tensor in weights.items():
            glob = next((g for g in self.groups if means(g, name)), None)
            (rest if glob is None else found[glob]).append(tensor)
        for glob, tensors in found.items():
            if not tensors:
                raise unknown("weight", glob, weights)
        groups = [{"params": tensors, "name": glob, **self.groups[glob]} for glob, tensors in found.items()]
        return [{"params": rest, **({"name": "rest"} if groups else {})}, *groups] if rest or not groups else groups

    def __str__(self) -> str:
        """As the command line takes it: `adamw, lr=0.001`."""
        return ", ".join([self.name, *(f"{key}={value}" for key, value in self.arguments.items())])

    def __repr__(self) -> str:
        told = [repr(self.name), *(f"{k}={v!r}" for k, v in self.arguments.items())]
        return f"optimizer({', '.join(told + ([f'groups={dict(self.groups)!r}'] if self.groups else []))})"


def means(glob: str, name: str) -> bool:
    """Whether a glob means a weight: by its name, or by the path that its name is (`encoder/**` means `encoder.0.weight`)."""
    path = name.replace(".", "/")
    return matches(glob, name=name, path=path, operator="") or path.startswith(glob.strip("/") + "/")


def named(name: str) -> Any:
    """The class of `torch.optim` of that name. Raises UsageError with the nearest there are."""
    known = {key.lower(): kind for key, kind in vars(torch.optim).items() if _is_optimizer(kind)}
    word = name.lower().replace("_", "").replace("-", "")
    if word not in known:
        near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
        rows = {"did you mean": ", ".join(map(repr, near))} if near else {}
        raise UsageError(f"there is no optimizer {name!r}", {**rows, "there are": ", ".join(sorted(known))})
    return known[word]


def _is_optimizer(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer


def optimizer_of(given: Any, weights: Mapping[str, Any]) -> Any:
    """What a user says as a torch object over these weights: a name, an Optimizer, a torch class, a function of the weights, an
    object.

    Raises UsageError for what is none, and for an object over other weights.
    """
    if isinstance(given, str):
        return Optimizer(given).make(weights)
    if isinstance(given, Optimizer):
        return given.make(weights)
    made = given if isinstance(given, torch.optim.Optimizer) or not callable(given) else given(list(weights.values()))
    if not isinstance(made, torch.optim.Optimizer):
        raise UsageError(
            f"{given!r} is no optimizer", {"expected": "a name, lm.optimizer('adamw', lr=1e-3), an object of torch.optim"}
        )
    known = {id(tensor) for tensor in weights.values()}
    theirs: Sequence[Any] = [p for group in made.param_groups for p in group["params"]]
    if not any(id(p) in known for p in theirs):
        raise UsageError(
            "the optimizer moves no weight of this model",
            {"make it of": "the opened module's own parameters, or by name: optimizer='adam'"},
        )
    return made

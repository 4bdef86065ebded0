"""torch's schedules of the learning rate, by name with their arguments or as objects."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from laminae.base import torch
from laminae.base.errors import UsageError

SHORT = {"cosine": "cosineannealing", "plateau": "reduceonplateau", "restarts": "cosineannealingwarmrestarts"}
"""Words that people use for some of them."""


@dataclass(frozen=True)
class Schedule:
    """One of `torch.optim.lr_scheduler`, by name ("cosine", "onecycle", "StepLR"), its arguments, and how often it moves the
    rate.

    each: "step" (of the optimiser) or "epoch".
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    each: str = "epoch"

    def __post_init__(self) -> None:
        if self.each not in ("step", "epoch"):
            raise UsageError(f"a schedule moves the rate each step or each epoch, not each {self.each!r}")

    def make(self, optimizer: Any) -> Any:
        """The torch object over an optimiser. Raises UsageError for what torch does not take."""
        kind = _named(self.name)
        try:
            return kind(optimizer, **self.arguments)
        except (TypeError, ValueError) as error:
            takes = [name for name in inspect.signature(kind).parameters if name not in ("optimizer", "last_epoch", "self")]
            because = {"because": str(error).split(") ")[-1], "it takes": ", ".join(takes)}
            raise UsageError(f"schedule {self.name!r} does not take that", because) from None

    def __repr__(self) -> str:
        told = [repr(self.name), *(f"{k}={v!r}" for k, v in self.arguments.items())]
        return f"schedule({', '.join(told + ([f'each={self.each!r}'] if self.each != 'epoch' else []))})"


def _named(name: str) -> Any:
    known = {_plain(key): kind for key, kind in vars(torch.optim.lr_scheduler).items() if _is_schedule(kind)}
    word = SHORT.get(_plain(name), _plain(name))
    if word not in known:
        names = {**dict.fromkeys(SHORT), **known}
        near = difflib.get_close_matches(_plain(name), names, n=3, cutoff=0.5)
        rows = {"did you mean": ", ".join(map(repr, near))} if near else {}
        raise UsageError(f"there is no schedule {name!r}", {**rows, "there are": ", ".join(sorted(names))})
    return known[word]


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace("lr", "")


def _is_schedule(kind: Any) -> bool:
    base = torch.optim.lr_scheduler.LRScheduler
    return inspect.isclass(kind) and issubclass(kind, base) and kind is not base and not kind.__name__.startswith("_")


def schedule_of(given: Any, optimizer: Any) -> tuple[Any, str] | None:
    """What a user says as a torch object, and how often it moves the rate; None for nothing.

    given: a name, a Schedule, an object of torch's (moved each epoch), or a function of the optimiser that gives one.
    """
    if given is None:
        return None
    if isinstance(given, str):
        given = Schedule(given)
    if isinstance(given, Schedule):
        return given.make(optimizer), given.each
    made = given if hasattr(given, "step") else given(optimizer) if callable(given) else None
    if not hasattr(made, "step"):
        raise UsageError(
            f"{given!r} is no schedule", {"expected": "a name, lm.schedule('cosine', T_max=10), an object of torch's"}
        )
    if getattr(made, "optimizer", optimizer) is not optimizer:
        raise UsageError("the schedule is of another optimizer", {"write": "schedule=lambda optimizer: …"})
    return made, "epoch"

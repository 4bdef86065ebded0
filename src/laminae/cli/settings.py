"""How a model is to learn: what the command line says, over what the description says, over what is usual."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laminae.base.errors import UsageError
from laminae.cli.words import value_of, word_of

if TYPE_CHECKING:
    from laminae.learn.losses import Loss

USUAL: dict[str, Any] = {"optimizer": "adam", "epochs": 10, "batch": 32, "seed": 0, "accumulate": 1, "shuffle": True}

STEPPING = ("freeze", "clip_norm", "clip_value", "accumulate", "average", "precision")
"""What goes to the stepper under its own name."""


@dataclass(frozen=True)
class Settings:
    """held: by the words of `lm.fit`, as they were written."""

    held: Mapping[str, Any]

    @classmethod
    def of(cls, asked: Mapping[str, Any], said: Mapping[str, Any]) -> Settings:
        """asked: on the command line, None or empty where nothing was. said: by the description."""
        given = {word: value for word, value in asked.items() if value is not None and value != []}
        return cls({**USUAL, **{word: value for word, value in said.items() if value is not None}, **given})

    def __getitem__(self, word: str) -> Any:
        return self.held.get(word)

    @property
    def seed(self) -> int:
        seed = self.held["seed"]
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise UsageError(f"{seed!r} is no seed", {"expected": "a whole number, 0 or more"})
        return seed

    @property
    def loss(self) -> Loss | None:
        """The loss that was asked for, None where none was."""
        if self["loss"] is None:
            return None
        from laminae.learn.losses import loss_of

        name, arguments = word_of(self["loss"], "loss")
        return loss_of({"loss": name, **arguments})

    @property
    def metrics(self) -> list[str]:
        """Names. Raises UsageError, with the nearest, for one that there is not."""
        from laminae.compare.metrics import metrics

        names = self["metrics"] or []
        names = [names] if isinstance(names, str) else list(names)
        return [metric.name for metric in metrics(names)] if names else []

    @property
    def validation(self) -> float | int | str | None:
        """A part, a number of samples, or a path."""
        given = self["validation"]
        if isinstance(given, str):
            read = value_of(given, "--validation")
            given = read if isinstance(read, int | float) and not isinstance(read, bool) else given
        if isinstance(given, int | float) and not isinstance(given, bool) and not given > 0:
            raise UsageError(f"validation={given!r} is no part of the data", {"expected": "a part such as 0.2, or a file"})
        return given  # type: ignore[no-any-return]

    @property
    def optimizer(self) -> Any:
        """By name with its arguments; --lr is one of them."""
        from laminae.api.learning import optimizer
        from laminae.learn.optimizers import named

        name, arguments = word_of(self["optimizer"], "optimizer")
        named(name)
        rate = {} if self["lr"] is None else {"lr": self["lr"]}
        return optimizer(name, **{**arguments, **rate})

    def schedule(self, samples: int) -> Any:
        """The schedule, with the arguments filled in that the length of the run decides. samples: to learn from."""
        if self["schedule"] is None:
            return None
        from laminae.api.learning import schedule

        name, arguments = word_of(self["schedule"], "schedule")
        word = name.lower().replace("_", "").removesuffix("lr")
        epochs = self["epochs"]
        batches = math.ceil(math.ceil(samples / self["batch"]) / self["accumulate"]) if _counts(self) else 1
        if word in ("cosine", "cosineannealing") and _counts(self):
            per = batches if arguments.get("each") == "step" else 1
            arguments = {"T_max": epochs * per, **arguments}
        elif word == "onecycle" and _counts(self):
            total = {} if "total_steps" in arguments or "epochs" in arguments else {"total_steps": epochs * batches}
            arguments = {"max_lr": self["lr"] or 1e-3, "each": "step", **total, **arguments}
        return schedule(name, **arguments)

    @property
    def normalise(self) -> dict[str, Any] | None:
        """Of `lm.normalise`: how, axis, targets. None for nothing, or `none`."""
        given = self["normalise"]
        if given in (None, False, "none"):
            return None
        if isinstance(given, Mapping):
            made = {"how": "mean/std", **given}
        else:
            name, arguments = word_of(given, "normalise")
            made = {"how": name, **arguments}
        odd = made.keys() - {"how", "axis", "targets"}
        if odd:
            raise UsageError(f"normalise has no {min(odd)!r}", {"it takes": "how: mean/std or min/max, axis, targets"})
        return made

    @property
    def stepping(self) -> dict[str, Any]:
        return {word: self[word] for word in STEPPING if self[word] is not None}


def _counts(settings: Settings) -> bool:
    """Whether epochs, batch and accumulate are numbers; if not, learning itself says so."""
    held: Sequence[Any] = [settings[word] for word in ("epochs", "batch", "accumulate")]
    return all(isinstance(value, int) and not isinstance(value, bool) and value > 0 for value in held)

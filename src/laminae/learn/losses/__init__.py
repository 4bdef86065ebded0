"""Losses, by name or as values with arguments: `lm.loss.cross_entropy(smoothing=0.1)`.

mse, l1, huber, cosine: of numbers. cross_entropy, nll, kl, hinge: of classes. bce: of yes and no. ctc: of sequences. function: of
one's own.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from laminae.base.errors import UsageError
from laminae.learn.losses.binary import BinaryCrossEntropy
from laminae.learn.losses.classes import CrossEntropy, Divergence, Hinge, LogLikelihood
from laminae.learn.losses.loss import Loss
from laminae.learn.losses.numbers import AbsoluteError, Cosine, Huber, SquaredError
from laminae.learn.losses.own import Own
from laminae.learn.losses.sequences import Alignment

mse, l1, huber, cosine = SquaredError, AbsoluteError, Huber, Cosine
cross_entropy, nll, kl, hinge = CrossEntropy, LogLikelihood, Divergence, Hinge
bce, ctc, function = BinaryCrossEntropy, Alignment, Own

__all__ = ["Loss", "bce", "cosine", "cross_entropy", "ctc", "function", "hinge", "huber", "kl", "l1", "loss_of", "mse", "nll"]

NAMES: dict[str, type[Loss]] = {x.name: x for x in (mse, l1, huber, cross_entropy, bce, nll, kl, cosine, hinge, ctc)}


def loss_of(given: Any) -> Loss:
    """What a user says: a name, a Loss, what `as_json` gave, or a function of (output, expectation).

    Raises UsageError with the nearest names for one that is not known, or for arguments that the loss does not take.
    """
    if isinstance(given, Loss):
        return given
    if isinstance(given, str):
        return _named(given)()
    if isinstance(given, Mapping) and isinstance(given.get("loss"), str):
        arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items() if key != "loss"}
        try:
            return _named(given["loss"])(**arguments)
        except TypeError as error:
            raise UsageError(
                f"loss {given['loss']!r} does not take that",
                {"because": str(error).split(") ")[-1], "it takes": _takes(given["loss"])},
            ) from None
    if isinstance(given, type) and issubclass(given, Loss):
        return given()
    if callable(given):
        return function(given)
    raise UsageError(
        f"{given!r} is no loss",
        {"expected": "a name, lm.loss.…(…), or a function of (output, expected)", "there are": ", ".join(NAMES)},
    )


def _takes(name: str) -> str:
    return ", ".join(field.name for field in fields(_named(name)))


def _named(name: str) -> type[Loss]:
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=3, cutoff=0.4)
        more = {"did you mean": ", ".join(map(repr, near))} if near else {}
        raise UsageError(f"there is no loss {name!r}", {**more, "there are": ", ".join(NAMES)})
    return NAMES[name]

"""What `lm.fit` learns from and what it measures on, of whatever it was given."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from laminae.base.errors import UsageError
from laminae.data import Samples, Stream, Workers, samples, split
from laminae.data.classes import some
from laminae.data.order import whole
from laminae.data.table import Table, of_numbers
from laminae.learn import losses
from laminae.learn.losses import Loss
from laminae.learn.step import Stepper

Data = Samples | Stream

READING = tuple(name for name in inspect.signature(samples).parameters if name not in ("data", "labelled"))
"""Words that tell how data are read: target, columns, categories, missing, unseen, classes, images, dtype, shape."""

STEPPING = tuple(n for n in inspect.signature(Stepper).parameters if n not in ("session", "loss", "optimizer", "output"))
"""Words that tell how weights move: freeze, schedule, clip_norm and the like."""


OF_NUMBERS = (losses.mse, losses.l1, losses.huber, losses.cosine, losses.bce)
"""Losses whose expectation has the output's shape. A table holds texts: what is a class and what a number is theirs to say."""


def apart(more: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The words for the data, and those for the steps. Raises UsageError with the nearest for one that is neither."""
    for word in more:
        if word not in (*READING, *STEPPING):
            near = difflib.get_close_matches(word, (*READING, *STEPPING, "optimizer", "epochs", "validation"), 3, 0.5)
            rows = {"did you mean": ", ".join(near)} if near else {}
            raise UsageError(
                f"fit takes no {word}=", {**rows, "of the data": ", ".join(READING), "of the steps": ", ".join(STEPPING)}
            )
    return {k: v for k, v in more.items() if k in READING}, {k: v for k, v in more.items() if k in STEPPING}


def parts(data: Any, validation: Any, seed: int, loss: Loss, words: Mapping[str, Any]) -> tuple[Data, Data | None]:
    """What is learned from, and what is held out: a part of it, or other data, which are read as the first were.

    loss: of one that takes an expectation in the output's own shape, a table's columns are numbers, [batch, columns].
    """
    every = _fitting(samples(data, **words), loss)
    if validation is None:
        return every, None
    if isinstance(validation, int | float) and not isinstance(validation, bool):
        return split(every, validation, seed=seed)  # type: ignore[arg-type]  # says itself what it needs
    held = _fitting(samples(validation, **_as_before(every, words)), loss)
    if isinstance(held, Samples) and not len(held):
        raise UsageError("there is no sample to measure on", {"validation": "is empty"})
    _require_one_naming(every, held)
    return every, held


def _require_one_naming(every: Data, held: Data) -> None:
    """Samples that were made before may number their classes by themselves."""
    learned, measured = getattr(every, "classes", None), getattr(held, "classes", None)
    if learned is not None and measured is not None and learned.names != measured.names:
        rows = {"learned": some(learned.names), "held out": some(measured.names)}
        raise UsageError("the held-out data have other classes", {**rows, "write": "samples(…, classes=training.classes)"})


def _fitting(data: Data, loss: Loss) -> Data:
    return of_numbers(data) if isinstance(data, Samples) and isinstance(loss, OF_NUMBERS) else data


def _as_before(every: Data, words: Mapping[str, Any]) -> dict[str, Any]:
    """The same columns make the same numbers, the same classes the same ids."""
    if isinstance(every, Table):
        return {**words, "columns": every.columns}
    known = getattr(every, "classes", None)
    return dict(words) if known is None else {**words, "classes": known}


def at_work(data: Data | None, workers: int) -> AbstractContextManager[Workers | int]:
    """The processes that make batches of these data, over all epochs; 0 where the data are at hand."""
    count = whole(workers, "workers")
    return Workers(data, count) if count and isinstance(data, Samples) and data.slow else nullcontext(0)

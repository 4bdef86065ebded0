"""Samples in two parts: to learn from, and to measure on what was not learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import UsageError
from laminae.data.interface import Samples, Subset, require_samples
from laminae.data.order import PARTS, shuffled, whole
from laminae.data.table import Table
from laminae.data.texts import Texts

Array = np.ndarray[Any, Any]


def split(samples: Samples, validation: float | int = 0.2, *, seed: int = 0, stratify: bool = False) -> tuple[Samples, Samples]:
    """(training, validation): every sample in one of them, each part in the order of the data.

    validation: a part of all, between 0 and 1, or how many samples. seed: which. stratify: as many of each class in both parts
    as can be, for expectations that are one id (or text) a sample. Means that stand in for missing values of a table, and the
    vocabulary of texts, are taken anew, over the training part alone. Raises UsageError where a part would be empty, and for
    batches that come as they come.
    """
    samples = require_samples(samples, "a split")
    count = _count(validation, len(samples))
    chosen = _stratified(samples, count, seed) if stratify else shuffled(len(samples), seed, PARTS)[:count]
    rest = np.ones(len(samples), bool)
    rest[chosen] = False
    training, held_out = np.flatnonzero(rest), np.flatnonzero(~rest)
    whole_of = _refilled(samples, training)
    how = {"validation": validation, "seed": seed, "stratify": stratify}
    return (
        Subset(whole_of, training, {"part": "training", **how}),
        Subset(whole_of, held_out, {"part": "validation", **how}),
    )


def _refilled(samples: Samples, training: Array) -> Samples:
    """The same samples, with what is taken from data (means for what is missing, a vocabulary) taken from these alone."""
    if isinstance(samples, Subset):
        return replace(samples, whole=_refilled(samples.whole, samples.indices[training]))
    return samples.filled_from(training) if isinstance(samples, Table | Texts) else samples


def _count(validation: float | int, samples: int) -> int:
    if isinstance(validation, float):
        if not 0 < validation < 1:
            raise UsageError(f"validation={validation} is no part of the data", {"expected": "between 0 and 1, or a number"})
        count = round(samples * validation)
    else:
        count = whole(validation, "validation", 1)
    if not 0 < count < samples:
        found = f"{samples - count if count <= samples else 0} and {count} of {samples}"
        raise UsageError("a part of the data would be empty", {"training and validation": found})
    return count


def _stratified(samples: Samples, count: int, seed: int) -> Array:
    """As near as whole numbers come to the same share of each class; where two are equally near, the larger class gives."""
    expected = samples.expected(np.arange(len(samples)))
    ids = None if expected is None else as_numpy(expected)
    if ids is None or ids.ndim != 1 or ids.dtype.kind not in "biuSUO":
        found = "none" if ids is None else f"{list(ids.shape)} {ids.dtype}"
        raise UsageError("these samples cannot be split by class", {"expectations": found, "expected": "one id a sample"})
    _, inverse, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    shares = sizes * (count / len(samples))
    taken = np.floor(shares).astype(np.int64)
    nearest = np.lexsort((-sizes, taken - shares))
    taken[nearest[: count - int(taken.sum())]] += 1
    mixed = shuffled(len(samples), seed, PARTS)
    return np.concatenate([mixed[inverse[mixed] == id][: taken[id]] for id in range(len(sizes))])

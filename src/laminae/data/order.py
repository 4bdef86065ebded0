"""The order of the samples: a pure function of a seed and an epoch, the same in every version of NumPy.

NumPy keeps the raw streams of its bit generators, and may change what it makes of them; so the samples are sorted by raw
64-bit numbers of their own.
"""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from laminae.base.errors import UsageError

Array = np.ndarray[Any, Any]

EPOCHS, PARTS = 0, 1
"""What an order is drawn for: the first number under which a seed's streams are kept apart."""


def order(samples: int, shuffle: int | None, epoch: int = 0) -> Array:
    """Every index once, int64: as they are, or shuffled by the seed `shuffle`, in another order each epoch."""
    if shuffle is None:
        return np.arange(samples)
    return shuffled(samples, shuffle, EPOCHS, whole(epoch, "epoch"))


def shuffled(samples: int, seed: int, *stream: int) -> Array:
    """Every index once, drawn from one stream of a seed."""
    sequence = np.random.SeedSequence(whole(seed, "seed"), spawn_key=stream)
    keys = np.random.Philox(sequence).random_raw(samples)
    return np.argsort(np.asarray(keys, np.uint64), kind="stable")


def whole(given: Any, name: str, least: int = 0) -> int:
    """A whole number, or UsageError naming what it was for."""
    try:
        number = None if isinstance(given, bool) else index(given)
    except TypeError:
        number = None
    if number is None or number < least:
        raise UsageError(f"{name}={given!r} is not possible", {"expected": f"a whole number, {least} or more"})
    return number

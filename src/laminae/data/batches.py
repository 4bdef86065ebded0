"""Samples cut into batches: in an order that seed and epoch alone decide, from any place in it on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from laminae.base.errors import UsageError
from laminae.data.interface import Samples, require_samples, sample_count
from laminae.data.order import order, whole
from laminae.data.prefetch import ahead
from laminae.data.stream import Stream
from laminae.data.workers import Workers

__all__ = ["batches", "sample_count"]

Array = np.ndarray[Any, Any]


def batches(
    data: Samples | Stream,
    batch: int = 64,
    *,
    shuffle: int | None = None,
    epoch: int = 0,
    start: int = 0,
    drop_last: bool = False,
    workers: int | Workers = 0,
    prefetch: int = 0,
) -> Iterator[tuple[Any, Any]]:
    """One epoch: pairs (x, expected) of `batch` samples, every sample once; the last batch may be short.

    shuffle: a seed; None keeps the order of the data. The order is a function of (shuffle, epoch) alone. start: how many samples
    of the epoch have been seen already: what comes is, bit for bit, what would have come after them. drop_last: leave out a
    short last batch. workers: processes that read and decode, for samples that are read from files one by one (`Samples.slow`;
    others are at hand already), or `Workers` that serve several epochs; the order stays. prefetch: batches made ahead by a
    thread while one is used.

    A Stream gives its own batches: of the above only epoch, start and prefetch hold for it. Raises UsageError.
    """
    size, start = whole(batch, "batch", 1), whole(start, "start")
    if isinstance(data, Stream):
        made = _streamed(data, epoch, start, shuffle)
    else:
        made = _made(data, cuts(require_samples(data, "a batch"), size, shuffle, epoch, start, drop_last), workers)
    depth = whole(prefetch, "prefetch")
    return ahead(made, depth) if depth else made


def cuts(data: Samples, batch: int, shuffle: int | None, epoch: int, start: int, drop_last: bool) -> list[Array]:
    """The indices of each batch. Raises UsageError where `start` lies behind the end."""
    samples = len(data)
    if start > samples:
        raise UsageError(f"start={start} is behind the end of the data", {"samples": samples})
    places = order(samples, shuffle, epoch)
    end = samples - samples % batch if drop_last else samples
    return [places[at : min(at + batch, end)] for at in range(start, end, batch)]


def _made(data: Samples, cut: Sequence[Array], workers: int | Workers) -> Iterator[tuple[Any, Any]]:
    if isinstance(workers, Workers):
        return workers.batches(cut)
    count = whole(workers, "workers")
    return _by_workers(data, cut, count) if count and data.slow else (data.batch(indices) for indices in cut)


def _by_workers(data: Samples, cut: Sequence[Array], count: int) -> Iterator[tuple[Any, Any]]:
    with Workers(data, count) as workers:
        yield from workers.batches(cut)


def _streamed(data: Stream, epoch: int, start: int, shuffle: int | None) -> Iterator[tuple[Any, Any]]:
    if shuffle is not None:
        raise UsageError(
            "batches that come as they come cannot be shuffled", {"instead": "shuffle where they are made, or give arrays"}
        )
    return data.batches(whole(epoch, "epoch"), start)

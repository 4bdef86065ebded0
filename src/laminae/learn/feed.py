"""The batches of each epoch, from the place on where learning is."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any

from laminae.base.errors import UsageError
from laminae.data import Stream, Workers, batches
from laminae.data.huggingface import Features
from laminae.data.interface import Samples, Subset, sample_count
from laminae.data.items import Items
from laminae.learn import randomness
from laminae.learn.place import Place

Batch = tuple[Any, Any]


@dataclass(frozen=True)
class Feed:
    """batch: samples of each. shuffle: the seed of their order, None: as they come. workers: processes that make them."""

    data: Samples | Stream
    batch: int
    shuffle: int | None = None
    workers: int | Workers = 0

    @property
    def generators(self) -> list[Any]:
        """What the data draw from, where they have generators of their own."""
        return randomness.generators_of(self.data.given) if isinstance(self.data, Stream) else []

    def draws(self) -> dict[str, Any]:
        """The state of the generators. Python's and NumPy's count where the making of a sample is the caller's own code."""
        data = self.data
        while isinstance(data, Subset):
            data = data.whole
        return randomness.state(self.generators, isinstance(data, Stream | Items | Features))

    @property
    def count(self) -> int | None:
        """Batches of an epoch, where that is known."""
        if isinstance(self.data, Stream):
            return len(self.data.given) if isinstance(self.data.given, Sized) else None
        return -(-len(self.data) // self.batch)

    def epoch(self, place: Place) -> Iterator[Batch]:
        """The batches after those that are done. What draws in making them finds the generators as it would have.

        Samples that are done are not read again, unless they come as they come: then those batches are made once more, from the
        state in which the epoch began. Raises UsageError where they are not cut as they were.
        """
        data, number = self.data, place.epoch - 1
        if not place.batch:
            place.opened = self.draws() if isinstance(data, Stream) else None
            return self._opened(number, 0)
        now = self.draws()
        if isinstance(data, Stream):
            randomness.put_back(place.opened, self.generators)
            made = self._opened(number, 0)
            self._pass_over(made, place)
        else:
            made = self._opened(number, place.samples)
        randomness.put_back(now, self.generators)
        return made

    def _opened(self, epoch: int, start: int) -> Iterator[Batch]:
        return batches(self.data, self.batch, shuffle=self.shuffle, epoch=epoch, start=start, workers=self.workers)

    def _pass_over(self, made: Iterator[Batch], place: Place) -> None:
        done = sum(sample_count(x) for x, _ in islice(made, place.batch))
        if done != place.samples:
            raise UsageError(
                f"the first {place.batch} batches of epoch {place.epoch} are not what they were",
                {"samples then": place.samples, "samples now": done, "expected": "the same batches, from their beginning"},
            )

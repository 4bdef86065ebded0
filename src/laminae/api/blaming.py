"""Where learning was when something went wrong: the batch, and where in the data the sample to blame is from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from laminae.base.errors import LaminaeError
from laminae.base.learned import EpochRecord
from laminae.data import Stream, order
from laminae.learn.feed import Feed
from laminae.learn.place import Place


@dataclass
class Whereabouts:
    """Follows learning as a callback does. epoch, done: the one that is going on, and the batches of it that are done."""

    feed: Feed
    epoch: int = 1
    done: int = 0

    def __call__(self, told: Any) -> None:
        if isinstance(told, EpochRecord):
            self.epoch, self.done = told.epoch + 1, 0
        else:
            self.epoch, self.done = told.epoch, told.batch

    def tell(self, error: LaminaeError) -> None:
        """Add to an error in which batch that was, and where its sample is from."""
        feed, begin = self.feed, self.done * self.feed.batch
        known = None if isinstance(feed.data, Stream) else len(feed.data)
        if known is not None and begin >= known:  # the epoch is over: what went wrong was not learned from
            return
        if "epoch" not in error.message:
            error.details.setdefault("batch", f"{self.done + 1} of epoch {self.epoch}")
        if error.sample is not None and not isinstance(feed.data, Stream):
            at = order(len(feed.data), feed.shuffle, self.epoch - 1)[begin : begin + feed.batch]
            error.details.setdefault("that is", feed.data.place(int(at[error.sample])))


@contextmanager
def located(feed: Feed, place: Place | None) -> Iterator[Callable[[Any], Any]]:
    """An error that is raised inside says where. place: where learning goes on; gives what follows it from there."""
    where = Whereabouts(feed) if place is None else Whereabouts(feed, place.epoch, place.batch)
    try:
        yield where
    except LaminaeError as error:
        where.tell(error)
        raise

"""Who watches a run of learning, and what each is told when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from laminae.base.errors import UsageError
from laminae.base.watched import Batch, Fitting

Watcher = Callable[[Any], Any]
"""A function that is handed a Progress after each step and an EpochRecord after each epoch; True stops the run.

It may have more methods: `begin(fitting)` before the first step, `backward(batch)` between a backward pass and the move of the
weights, `end()` when all is over, however it ended.
"""


class Watchers:
    """Tells each in turn. An error of one goes on as it is, with a note that says whose it was and when."""

    def __init__(self, each: Sequence[Watcher] = ()) -> None:
        for one in each:
            if not callable(one):
                raise UsageError(
                    f"callbacks={one!r} cannot be called", {"expected": "functions of what they are told, or lm.watch.…(…)"}
                )
        self._each = tuple(each)
        self._looking = [(one, one.backward) for one in each if hasattr(one, "backward")]
        self.looks = bool(self._looking)

    @contextmanager
    def during(self, fitting: Fitting) -> Iterator[None]:
        """From `begin` to `end`. Those that began are told of the end whatever happens; the first error is the one seen."""
        begun: list[Watcher] = []
        try:
            for one in self._each:
                begun.append(one)
                if hasattr(one, "begin"):
                    _tell(one, one.begin, fitting, "before the first step")
            yield
        except BaseException:
            for one in reversed(begun):
                _end(one, quiet=True)
            raise
        for one in reversed(begun):
            _end(one)

    def backward(self, batch: Batch) -> None:
        """The derivatives of a batch are known."""
        for one, look in self._looking:
            _tell(one, look, batch, batch.where)

    def told(self, record: Any) -> bool:
        """Whether one of them wants it to stop; all are told."""
        stop = False
        for one in self._each:
            try:
                stop |= one(record) is True
            except BaseException as error:
                _note(error, one, _when(record))
                raise
        return stop


def _tell(one: Watcher, call: Callable[[Any], Any], told: Any, when: str) -> None:
    try:
        call(told)
    except BaseException as error:
        _note(error, one, when)
        raise


def _end(one: Watcher, *, quiet: bool = False) -> None:
    if not hasattr(one, "end"):
        return
    try:
        one.end()
    except Exception as error:
        _note(error, one, "at the end")
        if not quiet:
            raise


def _note(error: BaseException, one: Watcher, when: str) -> None:
    error.add_note(f"callback {called(one)} raised this, told {when}")


def _when(record: Any) -> str:
    batch = getattr(record, "batch", None)
    return f"of batch {batch} of epoch {record.epoch}" if batch is not None else f"of the end of epoch {record.epoch}"


def called(one: Watcher) -> str:
    """The name of a callback, for messages."""
    return repr(getattr(one, "__qualname__", type(one).__name__))

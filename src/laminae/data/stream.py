"""Batches as they come, made by the caller: a generator, a DataLoader, a function that gives fresh ones for each epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from laminae.base.errors import UsageError
from laminae.data.interface import sample_count
from laminae.data.pairs import pair


@dataclass
class Stream:
    """given: an iterable of batches, or a function that gives one; it is handed the number of the epoch if it takes one.

    An iterator gives one epoch and no second. target: the name of the expectation where a batch is a dict.
    """

    given: Iterable[Any] | Callable[..., Iterable[Any]]
    target: str | None = None
    labelled: bool = True
    _begun: bool = field(default=False, repr=False)

    def batches(self, epoch: int = 0, start: int = 0) -> Iterator[tuple[Any, Any]]:
        """The batches of an epoch after the first `start` samples.

        Raises UsageError for a second epoch of an iterator, for what is no pair (x, expected), and where `start` lies inside a
        batch.
        """
        done = 0
        for number, batch in enumerate(self._opened(epoch)):
            x, expected = pair(batch, self.target, f"batch {number}", labelled=self.labelled)
            if done >= start:
                yield x, expected
                continue
            done += sample_count(x)
            if done > start:
                raise UsageError(
                    f"sample {start} lies inside batch {number}", {"that batch ends at": done, "expected": "its end"}
                )

    def origin(self) -> dict[str, Any]:
        """Its kind alone: what comes out of a stream is the caller's to keep."""
        return {"kind": "stream", "of": type(self.given).__name__}

    def _opened(self, epoch: int) -> Iterable[Any]:
        if not isinstance(self.given, Iterable):
            return self.given(epoch) if _takes_epoch(self.given) else self.given()
        if isinstance(self.given, Iterator):
            if self._begun:
                way = "a list of batches, a DataLoader, or a function that gives fresh batches: lambda epoch: …"
                raise UsageError("an iterator gives its batches once, and this is a second epoch", {"give": way})
            self._begun = True
        return self.given


def _takes_epoch(given: Callable[..., Any]) -> bool:
    try:
        asked = [p for p in inspect.signature(given).parameters.values() if p.default is p.empty]
    except (TypeError, ValueError):
        return False
    return any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in asked)


def is_loader(data: Any) -> bool:
    """Whether this is torch's DataLoader or one like it: batches, and the dataset they are cut from."""
    return isinstance(data, Iterable) and hasattr(data, "dataset") and not isinstance(data, Mapping)

"""A run of learning while it goes on, in two lines: how far it is and how long it takes, and what came of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from laminae.base.learned import EpochRecord
from laminae.base.watched import Fitting, Progress
from laminae.see.rendering import cells_of, pad
from laminae.see.text import amount, count, number

DECAY = 0.98
"""How much of the smoothed loss stays at each step."""

BAR = 30
"""The bar is so long, and shorter where room lacks."""


@dataclass
class State:
    """All that the two lines tell. began: by perf_counter. first: the epoch that it began with. counted: the batches of an epoch
    that was ended. smooth, weight: of the loss, a running mean and how much of it there is.
    """

    fitting: Fitting
    began: float = field(default_factory=perf_counter)
    told: Progress | None = None
    last: EpochRecord | None = None
    best: EpochRecord | None = None
    first: int = 0
    counted: int | None = None
    smooth: float = 0.0
    weight: float = 0.0

    def take(self, told: Progress) -> None:
        """A step was done."""
        if self.told is None:
            self.first = told.epoch
        elif told.epoch != self.told.epoch:
            self.counted = self.told.batch
        self.told = told
        self.smooth += (1 - DECAY) * (told.loss - self.smooth)
        self.weight += (1 - DECAY) * (1 - self.weight)

    def close(self, record: EpochRecord) -> None:
        """An epoch was done."""
        self.last = record
        if self.best is None or self.fitting.monitor(record) < self.fitting.monitor(self.best):
            self.best = record

    @property
    def loss(self) -> float:
        """Of the last fifty batches or so, the newer the more."""
        return self.smooth / self.weight if self.weight else float("nan")

    @property
    def batches(self) -> int | None:
        """Of one epoch, where known: told, or counted in the epoch before."""
        return self.fitting.batches or self.counted

    @property
    def share(self) -> float | None:
        """Of the whole run, 0 to 1; None where it is not known."""
        if self.told is None or not self.batches:
            return None
        ended = self.last is not None and self.last.epoch == self.told.epoch
        within = 1.0 if ended else min(self.told.batch / self.batches, 1.0)
        return min((self.told.epoch - 1 + within) / self.fitting.epochs, 1.0)

    def left(self, now: float) -> float | None:
        """Seconds to go, if all goes on as before; None where that is not known."""
        share = self.share
        before = (self.first - 1) / self.fitting.epochs
        if share is None or share <= before:
            return None
        return (now - self.began) * (1 - share) / (share - before)


def lines(state: State, now: float, width: int) -> tuple[str, str]:
    """Both of at most `width` columns; the second is cut at its end, what matters least stands there."""
    told = state.told
    if told is None:
        return pad(f"{state.fitting.name}: the first batch", width).rstrip(), ""
    of = f"/{state.batches}" if state.batches else ""
    left = state.left(now)
    head = f"epoch {told.epoch}/{state.fitting.epochs} "
    tail = f" batch {told.batch}{of}" + ("" if left is None else f" · {clock(left)} left")
    room = min(BAR, width - cells_of(head) - cells_of(tail))
    share = state.share
    above = head + (bar(share, room) if share is not None and room >= 4 else "·") + tail
    return pad(above, width).rstrip(), joined(facts(state), width)


def facts(state: State) -> list[str]:
    """Of the run so far, the most wanted first."""
    told, last = state.told, state.last
    found = [f"loss {number(state.loss)}"]
    if last is not None:
        found += [] if last.validation is None else [f"held out {number(last.validation)}"]
        found += [f"{name} {number(value)}" for name, value in last.metrics]
    if told is not None and told.seconds:
        found.append(f"{amount(round(told.samples / told.seconds))} samples/s")
    if last is not None and state.best is not None and state.best is not last:
        found.append(f"best at {state.best.epoch}")
    return found


def summary(state: State, now: float, width: int) -> str:
    """What is left on the screen in the end, in one line."""
    last = state.last
    done = 0 if last is None else last.epoch - max(state.first, 1) + 1
    head = f"{count(done, 'epoch')} in {clock(now - state.began)}"
    return joined([head, *([] if last is None else [f"loss {number(last.loss)}"]), *facts(state)[1:]], width)


def of_epoch(record: EpochRecord, fitting: Fitting) -> str:
    """One line for an epoch, where lines can only be added."""
    found = [f"epoch {record.epoch}/{fitting.epochs}", f"loss {number(record.loss)}"]
    found += [] if record.validation is None else [f"held out {number(record.validation)}"]
    found += [f"{name} {number(value)}" for name, value in record.metrics]
    return " · ".join([*found, f"{amount(round(record.speed))} samples/s"])


def bar(share: float, width: int) -> str:
    """`━━━━╸────`: so much of it is done, to half a column."""
    halves = round(share * width * 2)
    full, half = divmod(halves, 2)
    return ("━" * full + "╸" * half + "─" * width)[:width]


def joined(parts: list[str], width: int) -> str:
    """As many as there is room for, from the first on."""
    text = ""
    for part in parts:
        longer = f"{text} · {part}" if text else part
        if cells_of(longer) > width:
            break
        text = longer
    return text


def clock(seconds: float) -> str:
    """`0:07`, `12:30`, `3:04:05`."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

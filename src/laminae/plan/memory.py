"""Slots: where each value is kept. A slot whose value is done with is given to the next value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from laminae.graph import Parameter, Value

if TYPE_CHECKING:
    from laminae.plan.plan import Plan


class Slots:
    """Hands out slots. `fixed` items keep theirs for the whole pass; the slots below `first` are reserved."""

    def __init__(self, first: int, fixed: Sequence[Value | Parameter]) -> None:
        self._slot: dict[Value | Parameter, int] = {item: first + i for i, item in enumerate(fixed)}
        self._idle: list[int] = []
        self._fixed = set(fixed)
        self.count = first + len(fixed)

    def of(self, item: Value | Parameter) -> int:
        return self._slot[item]

    def take(self, value: Value, *, forever: bool) -> int:
        """A slot for a new value: the one freed last, so that writing it frees the memory of what died; else a new one.

        A value that stays to the end gets a slot nobody had, so that what shared it earlier cannot outlive its use there.
        """
        if value in self._fixed:
            return self._slot[value]
        if self._idle and not forever:
            self._slot[value] = self._idle.pop()
        else:
            self._slot[value] = self.count
            self.count += 1
        return self._slot[value]

    def own(self) -> int:
        """A slot that no value has, for good."""
        self.count += 1
        return self.count - 1

    def release(self, values: Iterable[Value]) -> None:
        """These are read no more: their slots are free."""
        self._idle.extend(self._slot[value] for value in values if value not in self._fixed)

    def idle(self, values: Iterable[Value]) -> list[int]:
        """The slots of these values that nobody has taken yet: they still hold memory."""
        return [self._slot[value] for value in values if value in self._fixed or self._slot[value] in self._idle]


def ends_of(plan: Plan, places: Sequence[int]) -> list[tuple[int, tuple[int, ...]]]:
    """Each of these steps of a roomy plan with the slots that no later one of them reads, of those that they write.

    What is kept, and the outputs, stay.
    """
    steps = plan.steps
    stay = {*plan.outputs, *(slot for step in steps if step.kept for slot in step.places if slot is not None)}
    written = {slot for place in places for slot in steps[place].writes if slot is not None} - stay
    seen: set[int] = set()
    found = []
    for place in reversed(places):
        step = steps[place]
        done = (written & {*step.reads, *step.captures, *(slot for slot in step.writes if slot is not None)}) - seen
        seen |= done
        found.append((place, tuple(done)))
    return found[::-1]

"""One forward pass as it went, whichever engine made it: what a trace reads."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from laminae.base.arrays import told
from laminae.engines.held import NOTHING_HELD, Held
from laminae.graph import Layer, Parameter, Value
from laminae.plan.plan import Plan

if TYPE_CHECKING:
    from laminae.engines.interface import Engine


@dataclass(eq=False)
class Run:
    """What the slots of a plan hold after a pass, when its steps ended, and the passes through bodies.

    ticks: seconds of a clock, one before the first step and one after each (one after the last where the engine cannot tell
    steps apart); empty where nobody asked. ran: the places of the steps that ran, where it was not all of them. notes: shape,
    dtype and bytes of what was not kept whole. missing: layers of which the engine had nothing to keep, and why.
    only_seen: values that are there to be looked at, from which no run goes on. wanting: slots of values that wanted derivatives
    although none were taken, as parts of weights do. held: the parameters as they were. said: what there is to say of how it
    ran, in a few words.
    """

    plan: Plan
    device: Any
    engine: Engine
    values: list[Any] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    inner: dict[Layer, list[tuple[str, Run]]] = field(default_factory=dict)
    notes: dict[Layer, tuple[Any, ...]] = field(default_factory=dict)
    ran: Sequence[int] | None = None
    only_seen: frozenset[Value] = frozenset()
    wanting: set[int] = field(default_factory=set)
    held: Held = NOTHING_HELD
    missing: dict[Layer, str] = field(default_factory=dict)
    said: str = ""

    @property
    def outputs(self) -> tuple[Any, ...]:
        return tuple(self.values[slot] for slot in self.plan.outputs)

    @property
    def states(self) -> Mapping[Layer, Any]:
        """Of torch's generator, before each layer that drew."""
        return {}

    @property
    def ms(self) -> float:
        """Of the whole pass."""
        return (self.ticks[-1] - self.ticks[0]) * 1e3 if self.ticks else 0.0

    def times(self) -> list[float | None]:
        """Of each step in ms; None where it did not run, nobody asked, or the engine cannot tell."""
        made: list[float | None] = [None] * len(self.plan.steps)
        places = range(len(made)) if self.ran is None else self.ran
        if len(self.ticks) == len(places) + 1:
            for place, (start, end) in zip(places, pairwise(self.ticks), strict=True):
                made[place] = (end - start) * 1e3
        return made

    def note(self, layer: Layer) -> tuple[tuple[tuple[int, ...] | None, str, int] | None, ...]:
        """Shape, dtype and bytes of what a layer made, where it was not kept whole and somebody has seen it."""
        return tuple(map(told, self.notes.get(layer, ())))

    def changed_since(self) -> list[Parameter]:
        """The parameters that hold others than when this run began."""
        return self.held.changed()

    def want_nothing(self) -> None:
        """The pass is over: what is kept has no history, and wants none."""
        for slot in self.wanting:
            if self.values[slot] is not None:
                self.values[slot] = self.values[slot].detach()

    def _as_made(self, slot: int) -> Any:
        return self.values[slot].detach().requires_grad_() if slot in self.wanting else self.values[slot]

    def stored(self) -> dict[Value, Any]:
        """What is kept of the outermost graph as it was made."""
        return {
            value: self._as_made(slot)
            for step in self.plan.order
            if (step.whole and step.layer not in self.missing) or step.layer.is_input
            for value, slot in zip(step.layer.outputs, step.writes, strict=True)
            if value is not None and slot is not None and value not in self.only_seen
        }

    def take_over(self, run: Run, layers: Container[Layer]) -> None:
        """What another run of this graph has kept of these layers, and told of them."""
        for step, other in zip(self.plan.order, run.plan.order, strict=True):
            if step.layer not in layers:
                continue
            for place, source in zip(step.places, other.places, strict=True):
                if place is not None and source is not None and other.kept:
                    self.values[place] = run.values[source]
                    self.wanting |= {place} if source in run.wanting else set()
            if step.layer in run.notes:
                self.notes[step.layer] = run.notes[step.layer]
            if step.layer in run.inner:
                self.inner[step.layer] = run.inner[step.layer]

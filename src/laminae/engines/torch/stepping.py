"""One forward pass, a layer at a time: whoever steps it sees what each layer is given, and may put another value in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any

from laminae.base import torch
from laminae.engines.torch.loop import go
from laminae.engines.torch.passes import Run
from laminae.engines.torch.program import Program
from laminae.plan.memory import ends_of
from laminae.plan.plan import Step


class Stepping:
    """A run of a roomy program that stops after each layer, input layers included; a value is freed after its last use.

    given: what the layer that ran last was given, in the order of its inputs and of what its bodies read from outside; made: its
    outputs, None where one is left out. Both are the run's own values, not copies. running: what torch is told around a step.
    """

    def __init__(self, program: Program, inputs: Sequence[Any], running: Callable[[], AbstractContextManager[None]]) -> None:
        self.program, self._running = program, running
        self.run = Run(program)
        with running():
            self._values = program.slots(self.run, inputs)
            self._acts = program.acts_of(self.run)
        self._ends = ends_of(program.plan, range(len(program.plan.steps)))
        self._place = 0
        self._next = 0
        self.given: tuple[Any, ...] = ()
        self.made: tuple[Any, ...] = ()

    @property
    def order(self) -> tuple[Step, ...]:
        """Every layer's turn."""
        return self.program.plan.order

    @property
    def done(self) -> bool:
        """Whether every layer has run."""
        return self._next >= len(self.order)

    def step(self) -> tuple[Step, float]:
        """Run the next layer; its turn, and the time it took in ms. Raises what the layer raises, and stays before it then."""
        step, values = self.order[self._next], self._values
        for slot in self._ends[self._place - 1][1] if self._place else ():
            values[slot] = None
        self.given = tuple(values[slot] for slot in (*step.reads, *step.captures))
        spent = 0.0
        if not step.layer.is_input:
            self.run.ran = (self._place,)
            begin = perf_counter()
            with self._running():
                go(self.program, values, [self._acts[self._place]])
                if self.program.device.type == "cuda":
                    torch.cuda.synchronize(self.program.device)
            spent = (perf_counter() - begin) * 1e3
            self._place += 1
        self._next += 1
        self.made = tuple(None if slot is None else values[slot] for slot in step.writes)
        return step, spent

    def put(self, made: Sequence[Any]) -> None:
        """These in place of the outputs of the layer that ran last: whoever reads it later reads them."""
        step = self.order[self._next - 1]
        for slot, value in zip(step.writes, made, strict=True):
            if slot is not None:
                self._values[slot] = value
        self.made = tuple(made)

    @property
    def outputs(self) -> tuple[Any, ...]:
        """The model's, once every layer has run."""
        return tuple(self._values[slot] for slot in self.program.plan.outputs)

    def close(self) -> None:
        """Let go of every value."""
        self._next, self._values, self.given, self.made = len(self.order), [], (), ()

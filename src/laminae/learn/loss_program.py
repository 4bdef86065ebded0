"""A loss alone, as a program: output and expectation in, one number out. What a training step runs after the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from laminae.base.dtypes import dtype_name
from laminae.engines.torch import TorchEngine
from laminae.engines.torch.loop import go
from laminae.engines.torch.passes import Run
from laminae.engines.torch.program import Program
from laminae.graph import Graph
from laminae.learn.losses.loss import Loss, Site
from laminae.learn.taking import MOST, facts, same, tensor_where
from laminae.plan.policy import NONE


class LossProgram:
    """Made for a rank and dtype of the output and of the expectation; made anew where these change.

    An expectation is looked at closely once for each shape and dtype, where its numbers need no look (on the CPU torch itself
    refuses class ids that are none).
    """

    def __init__(self, loss: Loss, name: str) -> None:
        self.loss, self.name = loss, name
        self._made: dict[Any, tuple[Program, Run]] = {}
        self._known: dict[Any, Callable[[Any, Any], Any]] = {}

    def __call__(self, output: Any, expected: Any, device: Any) -> Any:
        """The loss of an output that fits the expectation. Raises what `Loss.expect` raises."""
        given, expected = expected, tensor_where(expected)
        key = output.shape, output.dtype, facts(expected)
        known = self._known.get(key)
        if known is not None:
            return known(output, expected)
        parts = self.loss.expect(output, given, self.name)  # as it was given: what is wrong with it is said in its own words
        found = self._program(output, parts, device)
        plain = key[2] is not None and len(parts) == 1 and device.type == "cpu" and same(parts[0], expected)
        if plain and len(self._known) < MOST:
            self._known[key] = self._quick(*found)
        return self._run(*found, output, parts)

    def alone(self, output: Any, parts: tuple[Any, ...], device: Any) -> Callable[..., Any]:
        """The loss of one sample, as a function of its part of the output and of the expectation: torch.func goes through it.

        output, parts: of a batch; only ranks and dtypes count.
        """
        program, run = self._program(output, parts, device)

        def alone(*given: Any) -> Any:
            values = program.slots(run, [x.unsqueeze(0) for x in given])
            for act in program.acts:
                act(values)
            return values[program.plan.outputs[0]]

        return alone

    def _run(self, program: Program, run: Run, output: Any, parts: tuple[Any, ...]) -> Any:
        values = program.slots(run, (output, *parts))
        try:
            go(program, values, program.acts)
        except Exception:
            self.loss.blame(output.detach(), parts, self.name)
            raise
        return values[program.plan.outputs[0]]

    def _quick(self, program: Program, run: Run) -> Callable[[Any, Any], Any]:
        """The same of an output and an expectation of one tensor that are known to fit, with nothing looked at on the way."""
        plan, acts = program.plan, program.acts
        first, second = plan.inputs
        begin, (out,) = program.slots(run, (None, None)), plan.outputs

        def quick(output: Any, expected: Any) -> Any:
            values = begin.copy()
            values[first], values[second] = output, expected
            try:
                for act in acts:
                    act(values)
            except Exception:
                return self._run(program, run, output, (expected,))  # says what was wrong
            return values[out]

        return quick

    def _program(self, output: Any, parts: tuple[Any, ...], device: Any) -> tuple[Program, Run]:
        key = (output.ndim, output.dtype, *((part.dtype, part.ndim) for part in parts))
        if key not in self._made:
            program = self._make(output, parts, device)
            self._made[key] = program, Run(program)
        return self._made[key]

    def _make(self, output: Any, parts: tuple[Any, ...], device: Any) -> Program:
        graph = Graph("loss")
        site = Site(graph, output.ndim, dtype_name(output), tuple((dtype_name(part), part.ndim) for part in parts))
        value = graph.add_input(self.name or "output")
        inputs = tuple(graph.add_input(f"{name} of the loss") for name in self.loss.parts)
        graph.outputs = (self.loss.place(site, value, inputs),)
        graph.changed()
        return TorchEngine(graph).program(graph, NONE, device)

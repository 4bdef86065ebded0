"""A plan made ready to run: closures over slots, and the one loop that calls them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.arrays import facts, is_tensor, own, shares_memory
from laminae.base.errors import LayerError
from laminae.base.settings import settings
from laminae.engines.torch.explain import explain
from laminae.engines.torch.steps import closure
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.extract import between
from laminae.ops.ready import LATER
from laminae.plan.plan import NOTHING, RUN, Plan, make_plan
from laminae.plan.policy import NONE
from laminae.plan.resolve import resolve

if TYPE_CHECKING:
    from laminae.engines.torch.engine import TorchEngine


@dataclass(eq=False)
class Pass:
    """What all runs inside one forward pass share: passes through bodies so far, parameters brought to another device."""

    count: int = 0
    moved: dict[Parameter, Any] = field(default_factory=dict)

    def enter_body(self) -> None:
        """Raises LayerError where it has been too often."""
        self.count += 1
        if self.count > settings.max_passes:
            raise LayerError(
                f"one forward pass went through bodies more than {settings.max_passes:,} times",
                {
                    "because": "a loop does not end, or functions call one another too often",
                    "the way out": "laminae.settings.max_passes = …",
                },
            )


@dataclass(eq=False)
class Run:
    """One forward pass as it went: what its slots hold, when each step ended, and the passes through bodies.

    path: of the body that this is a pass through, ending in `/`. ticks: seconds of a clock, one before the first step and one
    after each; empty where nobody asked for times. notes: shape, dtype and bytes of what was not kept.
    """

    program: Program
    path: str = ""
    recording: bool = False
    within: Pass = field(default_factory=Pass)
    values: list[Any] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    inner: dict[Layer, list[tuple[str, Run]]] = field(default_factory=dict)
    notes: dict[Layer, tuple[Any, ...]] = field(default_factory=dict)

    def inside(self, layer: Layer, path: str, label: str, program: Program) -> Run:
        """The run of a body of a layer at that path; remembered where this run is recorded."""
        self.within.enter_body()
        run = Run(program, f"{self.path}{path}/{label}/", self.recording, self.within)
        if self.recording:
            self.inner.setdefault(layer, []).append((label, run))
        return run

    def forget(self) -> None:
        """Let go of what was not to be kept."""
        kept = self.program.kept
        self.values = [value if slot in kept else None for slot, value in enumerate(self.values)]

    @property
    def outputs(self) -> tuple[Any, ...]:
        return tuple(self.values[slot] for slot in self.program.plan.outputs)


class Program:
    """A plan for one device. given: what the call of a function gives to the references in its body."""

    def __init__(self, engine: TorchEngine, plan: Plan, device: Any, *, noting: bool, given: dict[str, Any]) -> None:
        self.engine, self.plan, self.device = engine, plan, device
        self.noting, self.given = noting, given
        for parameter in plan.parameters:
            parameter.tensor()
        self.constants: dict[Layer, list[Any]] = {}
        self._places = {step.layer: place for place, step in enumerate(plan.steps)}
        self._watched: list[tuple[int, Parameter, Any, int]] = []
        self.acts = [closure(step, self) for step in plan.steps]
        self.kept = {slot for step in plan.order if step.kept for slot in step.writes if slot is not None}
        self._input_kept = [step.kept for step in plan.order if step.layer.is_input]
        self.around = plan.graph
        self._parts: dict[tuple[str, ...], Program] = {}
        self._empty = [None] * (plan.slots - 2 - len(plan.parameters))

    def inner(self, body: Graph, path: str, given: dict[str, Any]) -> Program:
        """The program of a body, made at its first run."""
        return self.engine.program(body, self.plan.policy.inside(path), self.device, noting=self.noting, given=given, body=True)

    def between(self, starts: Sequence[str], end: str) -> Program:
        """The program of what makes one value of this graph out of others, by name; made at its first run."""
        key = (*starts, end)
        if key not in self._parts:
            part = between(self.around, starts, end)
            plan = make_plan(part, resolve(part), NONE, body=True)
            self._parts[key] = Program(self.engine, plan, self.device, noting=False, given=self.given)
            self._parts[key].around = self.around
        return self._parts[key]

    def known(self, x: Value | Parameter | None) -> Any:
        """What a step can make use of before the run: the tensor of a parameter that does not learn; else LATER."""
        if x is None:
            return None
        if isinstance(x, Value) or x.lent or not is_tensor(x.array) or x.array.device != self.device:
            return LATER
        return LATER if x.array.requires_grad or x.array.is_inference() else x.array

    def watch(self, layer: Layer, parameters: Sequence[Any]) -> None:
        """A step made use of these parameters: it is made anew when one of them has changed."""
        place = self._places[layer]
        self._watched += [(place, p, p.array, p.array._version) for p in parameters if p is not None]

    def _look_after(self) -> None:
        """Make those steps anew whose parameters hold others than before, or may soon."""
        changed = {
            place
            for place, parameter, array, version in self._watched
            if parameter.array is not array or array._version != version or array.requires_grad or parameter.lent
        }
        if changed:
            self._watched = [watched for watched in self._watched if watched[0] not in changed]
            for place in changed:
                self.acts[place] = closure(self.plan.steps[place], self)

    def slots(self, run: Run, inputs: Sequence[Any], captured: Sequence[Any] = ()) -> list[Any]:
        """The slots before the first step."""
        self._look_after()
        parameters = [p.array for p in self.plan.parameters]
        if self.device != self.engine.home:
            parameters = [self._brought(p, run.within) for p in self.plan.parameters]
        values = [None, run, *parameters, *self._empty]
        start = 2 + len(parameters)
        values[start : start + len(captured)] = captured
        for slot, x in zip(self.plan.inputs, inputs, strict=True):
            values[slot] = x
        return values

    def _brought(self, parameter: Parameter, within: Pass) -> Any:
        """A parameter on the program's device, brought there once in a forward pass."""
        if parameter not in within.moved:
            within.moved[parameter] = parameter.array.to(self.device)
        return within.moved[parameter]

    def call(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """The outputs only. Those that may be a parameter's or the caller's own memory are copies."""
        run = Run(self)
        values = self.slots(run, inputs)
        self._go(values)
        outputs = [values[slot] for slot in self.plan.outputs]
        for i in self.plan.copied_outputs:
            if shares_memory(outputs[i], self._others(inputs)):
                outputs[i] = own(outputs[i])
        return tuple(outputs)

    def _others(self, inputs: Sequence[Any]) -> Iterator[Any]:
        """What is not this run's own: the caller's values, parameters, constant attributes."""
        yield from inputs
        yield from (parameter.array for parameter in self.plan.parameters)
        yield from chain.from_iterable(self.constants.values())

    def record(self, inputs: Sequence[Any]) -> Run:
        """A run that keeps what the policy says, with the time of each step."""
        run = Run(self, recording=True)
        run.values = self.slots(run, inputs)
        if not self.plan.policy.everything:
            layers = [step.layer for step in self.plan.order if step.layer.is_input]
            run.notes = {layer: (facts(x),) for layer, x in zip(layers, inputs, strict=True)}
        self._go_timed(run)
        for out, slot in zip(self.plan.graph.outputs, self.plan.outputs, strict=True):
            if isinstance(out, Parameter):
                run.values[slot] = own(run.values[slot])
        run.values[RUN] = NOTHING
        return run

    def body(self, run: Run, inputs: Sequence[Any], outer: dict[Value | Parameter, Any]) -> tuple[Any, ...]:
        """The outputs of one pass through a body."""
        captured = [outer[value] for value in self.plan.captures]
        if run.recording:
            inputs = [own(x) if keep else x for x, keep in zip(inputs, self._input_kept, strict=True)]
        values = self.slots(run, inputs, captured)
        if not run.recording:
            self._go(values)
            return tuple(values[slot] for slot in self.plan.outputs)
        run.values = values
        self._go_timed(run)
        run.values[RUN] = NOTHING
        outputs = run.outputs
        run.forget()
        return outputs

    def _go(self, values: list[Any]) -> None:
        act = None
        try:
            for act in self.acts:
                act(values)
        except Exception as error:
            raise self._explained(error, act, values) from error
        except KeyboardInterrupt as stop:
            self._interrupted(stop, act, values)
            raise

    def _explained(self, error: Exception, act: Any, values: list[Any]) -> Exception:
        return explain(error, self.plan, self.acts.index(act), values, values[RUN].path)

    def _interrupted(self, stop: KeyboardInterrupt, act: Any, values: list[Any]) -> None:
        """Ctrl-C says where it met the pass: the innermost layer."""
        if act is not None and not hasattr(stop, "layer"):
            stop.layer = values[RUN].path + self.plan.steps[self.acts.index(act)].about.path  # type: ignore[attr-defined]
            stop.add_note(f"while layer {stop.layer!r} ran")  # type: ignore[attr-defined]

    def _go_timed(self, run: Run) -> None:
        if self.device.type == "cuda":
            return self._go_synchronised(run)
        values, act = run.values, None
        run.ticks = [perf_counter()]
        tick = run.ticks.append
        try:
            for act in self.acts:
                act(values)
                tick(perf_counter())
        except Exception as error:
            raise self._explained(error, act, values) from error
        except KeyboardInterrupt as stop:
            self._interrupted(stop, act, values)
            raise

    def _go_synchronised(self, run: Run) -> None:
        """On a GPU a step has ended when the device says so."""
        values, act = run.values, None
        torch.cuda.synchronize(self.device)
        run.ticks = [perf_counter()]
        try:
            for act in self.acts:
                act(values)
                torch.cuda.synchronize(self.device)
                run.ticks.append(perf_counter())
        except Exception as error:
            raise self._explained(error, act, values) from error
        except KeyboardInterrupt as stop:
            self._interrupted(stop, act, values)
            raise


__all__ = ["Program", "Run"]

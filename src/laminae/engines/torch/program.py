"""A plan made ready to run: closures over slots, and the one loop that calls them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, pairwise
from time import perf_counter
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.arrays import checksum, is_tensor, own, seen, shares_memory, version
from laminae.base.errors import LayerError
from laminae.base.settings import settings
from laminae.engines.torch.explain import explain
from laminae.engines.torch.steps import Act, clearing, closure, keeping
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.extract import between
from laminae.ops.ready import LATER
from laminae.plan.changes import NO_CHANGES, Change, Changes
from laminae.plan.memory import ends_of
from laminae.plan.plan import NOTHING, RUN, Plan, Step, make_plan
from laminae.plan.policy import NONE
from laminae.plan.resolve import resolve

if TYPE_CHECKING:
    from laminae.engines.torch.engine import TorchEngine


@dataclass(eq=False)
class Pass:
    """What all runs inside one forward pass share: passes through bodies so far, parameters brought to another device.

    changes: what it puts in place of what layers make. turns: of each layer in bodies, by path, where that is asked for. states:
    of torch's generator, before each layer that draws. first: the number of the first sample in its dataset.
    """

    count: int = 0
    moved: dict[Parameter, Any] = field(default_factory=dict)
    changes: Changes = NO_CHANGES
    turns: Counter[str] = field(default_factory=Counter)
    states: dict[Layer, Any] = field(default_factory=dict)
    first: int = 0

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
    after each; empty where nobody asked for times. notes: shape, dtype and bytes of what was not kept whole. ran: the places of
    the steps that ran, where it was not all of them. held, versions: the parameters' tensors when the run began, and how often
    these had been written to; lent: a checksum of those whose changes torch does not count.
    """

    program: Program
    path: str = ""
    recording: bool = False
    within: Pass = field(default_factory=Pass)
    values: list[Any] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    inner: dict[Layer, list[tuple[str, Run]]] = field(default_factory=dict)
    notes: dict[Layer, tuple[Any, ...]] = field(default_factory=dict)
    ran: Sequence[int] | None = None
    held: list[Any] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    lent: dict[Parameter, int] = field(default_factory=dict)

    def times(self) -> list[float | None]:
        """Of each step in ms; None where it did not run, or nobody asked."""
        made: list[float | None] = [None] * len(self.program.plan.steps)
        places = range(len(made)) if self.ran is None else self.ran
        for place, (start, end) in zip(places, pairwise(self.ticks), strict=False):
            made[place] = (end - start) * 1e3
        return made

    def changed_since(self) -> list[Parameter]:
        """The parameters that hold others than when this run began."""
        known = zip(self.program.plan.parameters, self.held, self.versions, strict=True)
        return [
            p
            for p, array, before in known
            if p.array is not array or version(array) != before or (p.lent and checksum(array) != self.lent.get(p))
        ]

    def stored(self) -> dict[Value, Any]:
        """What is kept of the outermost graph as it was made."""
        return {
            value: self.values[slot]
            for step in self.program.plan.order
            if step.whole or step.layer.is_input
            for value, slot in zip(step.layer.outputs, step.writes, strict=True)
            if value is not None and slot is not None
        }

    def take_over(self, run: Run, layers: Container[Layer]) -> None:
        """What another run of this graph has kept of these layers, and told of them."""
        for step, other in zip(self.program.plan.order, run.program.plan.order, strict=True):
            if step.layer not in layers:
                continue
            for place, source in zip(step.places, other.places, strict=True):
                if place is not None and source is not None and other.kept:
                    self.values[place] = run.values[source]
            if step.layer in run.notes:
                self.notes[step.layer] = run.notes[step.layer]
            if step.layer in run.inner:
                self.inner[step.layer] = run.inner[step.layer]

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

    def __init__(
        self, engine: TorchEngine, plan: Plan, device: Any, *, noting: bool, given: dict[str, Any], body: bool = False
    ) -> None:
        self.engine, self.plan, self.device = engine, plan, device
        self.noting, self.given, self.is_body = noting, given, body
        for parameter in plan.parameters:
            parameter.tensor()
        self.constants: dict[Layer, list[Any]] = {}
        self._places = {step.layer: place for place, step in enumerate(plan.steps)}
        self._watched: dict[tuple[int, Parameter], tuple[Any, int]] = {}
        self.acts = [closure(step, self) for step in plan.steps]
        self.kept = {slot for step in plan.order if step.kept for slot in step.places if slot is not None}
        self.stay = self.kept | set(plan.outputs) | set(plan.inputs) | set(range(2 + len(plan.parameters)))
        self._input_kept = [step.whole for step in plan.order if step.layer.is_input]
        self._inputs_kept = [keeping(step) for step in plan.order if step.layer.is_input and step.kept and not step.whole]
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
        self._watched.update({(place, p): (p.array, p.array._version) for p in parameters if p is not None})

    def _look_after(self) -> None:
        """Make those steps anew whose parameters hold others than before, or may soon."""
        changed = {
            place
            for (place, parameter), (array, known) in self._watched.items()
            if parameter.array is not array or array._version != known or array.requires_grad or parameter.lent
        }
        if changed:
            self._watched = {key: watched for key, watched in self._watched.items() if key[0] not in changed}
            for place in changed:
                self.acts[place] = closure(self.plan.steps[place], self)

    def slots(self, run: Run, inputs: Sequence[Any], captured: Sequence[Any] = ()) -> list[Any]:
        """The slots before the first step."""
        self._look_after()
        parameters = [p.array for p in self.plan.parameters]
        if self.device != self.engine.home:
            parameters = [self._brought(p, run.within) for p in self.plan.parameters]
        if run.within.changes.parameters:
            changed = run.within.changes.parameters
            parameters = [changed.get(p, tensor) for p, tensor in zip(self.plan.parameters, parameters, strict=True)]
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
        self._go(values, self.acts)
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

    def record(self, inputs: Sequence[Any], changes: Changes = NO_CHANGES, first: int = 0) -> Run:
        """A run that keeps what the policy says, with the time of each step. first: the number of the first sample."""
        run = Run(self, recording=True, within=Pass(changes=changes, first=first))
        run.values = self.slots(run, inputs)
        self._begin(run)
        self._go_timed(run, self.acts_of(run))
        return self._finished(run)

    def partial(self, run: Run, given: Mapping[Value, Any], layers: Container[Layer]) -> Run:
        """Run these layers only, the others' values being given; what is not kept is freed at its last use.

        run: begun, with what it changes; of a roomy plan.
        """
        run.values = self.prefilled(run, given)
        for step in self.plan.order:
            partly = step.kept and not step.whole and step.layer not in layers
            if partly and all(v is None or v in given for v in step.layer.outputs):
                keeping(step)(run.values)
        self._begin(run)
        run.ran = [place for place, step in enumerate(self.plan.steps) if step.layer in layers]
        acts = self.acts_of(run)
        if self.plan.policy.everything:
            self._go_timed(run, [acts[place] for place in run.ran])
        else:
            self._go_timed(run, [clearing(acts[place], ends) for place, ends in ends_of(self.plan, run.ran)])
            run.values = [value if slot in self.stay else None for slot, value in enumerate(run.values)]
        return self._finished(run)

    def prefilled(self, run: Run, given: Mapping[Value, Any]) -> list[Any]:
        """The slots of a roomy plan with what is known already."""
        values = self.slots(run, [given.get(value) for value in self.plan.graph.inputs])
        for step in self.plan.order:
            for value, slot in zip(step.layer.outputs, step.writes, strict=True):
                if value is not None and slot is not None and value in given:
                    values[slot] = given[value]
        return values

    def _begin(self, run: Run) -> None:
        """What the run begins with: the parameters as they are, and the input layers' turn (changed, noted, kept)."""
        run.held = [p.array for p in self.plan.parameters]
        run.versions = [version(array) for array in run.held]
        run.lent = {p: checksum(p.array) for p in self.plan.parameters if p.lent}
        values, changes = run.values, run.within.changes
        for step in self.plan.order:
            if not step.layer.is_input:
                continue
            if step.layer in changes.layers:
                (slot,) = step.writes
                assert slot is not None
                (values[slot],) = changes.layers[step.layer]((values[slot],))
            if not self.plan.policy.everything:
                run.notes[step.layer] = tuple(None if slot is None else seen(values[slot]) for slot in step.writes)
        for keep in self._inputs_kept:
            keep(values)

    def _finished(self, run: Run) -> Run:
        for out, slot in zip(self.plan.graph.outputs, self.plan.outputs, strict=True):
            if isinstance(out, Parameter):
                run.values[slot] = own(run.values[slot])
        run.values[RUN] = NOTHING
        return run

    def acts_of(self, run: Run) -> list[Act]:
        """The steps, those made anew that this run changes something of."""
        changes = run.within.changes
        if changes is NO_CHANGES:
            return self.acts
        acts = list(self.acts)
        for place, step in enumerate(self.plan.steps):
            change = self._change(run, step, changes)
            fresh = any(x in changes.parameters for x in step.layer.reads)
            if change is not None or fresh:
                acts[place] = closure(step, self, change, fresh=fresh)
        return acts

    def _change(self, run: Run, step: Step, changes: Changes) -> Change | None:
        if not run.path:
            return changes.layers.get(step.layer)
        if changes.inside is None:
            return None
        path = run.path + step.about.path
        run.within.turns[path] += 1
        turn = run.within.turns[path]
        return changes.inside(path if turn == 1 else f"{path}#{turn}")

    def draws(self, step: Step) -> bool:
        """Whether a layer of the outermost graph draws random numbers, itself or in a body."""
        if self.is_body:
            return False
        if step.operator is not None and step.operator.random:
            return True
        inner = [graph for body in step.layer.bodies.values() for _, graph in body.graphs()]
        operators = self.engine.operators()
        return any(operators[x].random for graph in inner for x in graph.layers if x in operators)

    def body(self, run: Run, inputs: Sequence[Any], outer: dict[Value | Parameter, Any]) -> tuple[Any, ...]:
        """The outputs of one pass through a body."""
        captured = [outer[value] for value in self.plan.captures]
        if run.recording:
            inputs = [own(x) if keep else x for x, keep in zip(inputs, self._input_kept, strict=True)]
        values = self.slots(run, inputs, captured)
        if not run.recording:
            self._go(values, self.acts_of(run))
            return tuple(values[slot] for slot in self.plan.outputs)
        run.values = values
        for keep in self._inputs_kept:
            keep(values)
        self._go_timed(run, self.acts_of(run))
        run.values[RUN] = NOTHING
        outputs = run.outputs
        run.forget()
        return outputs

    def _go(self, values: list[Any], acts: list[Act]) -> None:
        act = None
        try:
            for act in acts:
                act(values)
        except Exception as error:
            raise self._explained(error, self._place(values[RUN], acts, act), values) from error
        except KeyboardInterrupt as stop:
            if act is not None:
                self._interrupted(stop, self._place(values[RUN], acts, act), values)
            raise

    def _place(self, run: Run, acts: list[Act], act: Any) -> int:
        """The place of the step that an act is of."""
        at = acts.index(act)
        return at if run.ran is None else run.ran[at]

    def _explained(self, error: Exception, place: int, values: list[Any]) -> Exception:
        return explain(error, self.plan, place, values, values[RUN].path)

    def _interrupted(self, stop: KeyboardInterrupt, place: int, values: list[Any]) -> None:
        """Ctrl-C says where it met the pass: the innermost layer."""
        if not hasattr(stop, "layer"):
            stop.layer = values[RUN].path + self.plan.steps[place].about.path  # type: ignore[attr-defined]
            stop.add_note(f"while layer {stop.layer!r} ran")  # type: ignore[attr-defined]

    def _go_timed(self, run: Run, acts: list[Act]) -> None:
        """On a GPU a step has ended when the device says so."""
        values, act = run.values, None
        wait = partial(torch.cuda.synchronize, self.device) if self.device.type == "cuda" else None
        if wait is not None:
            wait()
        run.ticks = [perf_counter()]
        tick = run.ticks.append
        try:
            for act in acts:
                act(values)
                if wait is not None:
                    wait()
                tick(perf_counter())
        except Exception as error:
            raise self._explained(error, self._place(run, acts, act), values) from error
        except KeyboardInterrupt as stop:
            if act is not None:
                self._interrupted(stop, self._place(run, acts, act), values)
            raise


__all__ = ["Program", "Run"]

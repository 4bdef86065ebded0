"""A plan made ready to run: closures over slots."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from laminae.base.arrays import is_tensor, own, seen, shares_memory
from laminae.engines.draws import draws
from laminae.engines.held import Held
from laminae.engines.torch.loop import go, go_timed
from laminae.engines.torch.passes import Pass, Run
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


class Program:
    """A plan for one device. given: what the call of a function gives to the references in its body."""

    def __init__(
        self, engine: TorchEngine, plan: Plan, device: Any, *, noting: bool, given: dict[str, Any], body: bool = False
    ) -> None:
        self.engine, self.plan, self.device = engine, plan, device
        self.noting, self.given, self.is_body = noting, given, body
        inner = (p for _, g in plan.graph.graphs() for p in g.parameters.values()) if noting and not body else ()
        self.every_parameter = tuple(dict.fromkeys([*plan.parameters, *inner]))
        for parameter in self.every_parameter:
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
        go(self, values, self.acts)
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
        go_timed(self, run, self.acts_of(run))
        return self._finished(run)

    def partial(self, run: Run, given: Mapping[Value, Any], layers: Container[Layer]) -> Run:
        """Run these layers only, the others' values being given; what is not kept is freed at its last use.

        run: begun, with what it changes; of a roomy plan.
        """
        run.values = self.prefilled(run, given)
        for step in self.plan.order:
            known = step.layer not in layers and all(v is None or v in given for v in step.layer.outputs)
            if known and not step.whole:
                run.notes[step.layer] = tuple(None if slot is None else seen(run.values[slot]) for slot in step.writes)
                if step.kept:
                    keeping(step)(run.values)
        self._begin(run)
        run.ran = [place for place, step in enumerate(self.plan.steps) if step.layer in layers]
        acts = self.acts_of(run)
        if self.plan.policy.everything:
            go_timed(self, run, [acts[place] for place in run.ran])
        else:
            go_timed(self, run, [clearing(acts[place], ends) for place, ends in ends_of(self.plan, run.ran)])
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
        run.held = Held(self.every_parameter)
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
        run.want_nothing()
        run.values[RUN] = NOTHING
        return run

    def acts_of(self, run: Run) -> list[Act]:
        """The steps, those made anew that this run changes something of."""
        changes = run.within.changes
        if changes is NO_CHANGES:
            return self.acts
        acts, parameters = list(self.acts), changes.parameters
        for place, step in enumerate(self.plan.steps):
            change = self._change(run, step, changes)
            fresh = bool(parameters) and any(x in parameters for x in step.layer.reads)
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

    def _change_inputs(self, run: Run, values: list[Any]) -> None:
        """What this run puts in place of what a body is given."""
        for step in self.plan.order:
            change = self._change(run, step, run.within.changes) if step.layer.is_input else None
            if change is not None:
                (slot,) = step.writes
                assert slot is not None
                (values[slot],) = change((values[slot],))

    def draws(self, step: Step) -> bool:
        """Whether a layer of the outermost graph draws random numbers, itself or in a body."""
        return not self.is_body and draws(step.layer, self.engine.operators())

    def body(self, run: Run, inputs: Sequence[Any], outer: dict[Value | Parameter, Any]) -> tuple[Any, ...]:
        """The outputs of one pass through a body."""
        captured = [outer[value] for value in self.plan.captures]
        if run.recording:
            inputs = [own(x) if keep else x for x, keep in zip(inputs, self._input_kept, strict=True)]
        values = self.slots(run, inputs, captured)
        if run.within.changes.inside is not None:
            self._change_inputs(run, values)
        if not run.recording:
            go(self, values, self.acts_of(run))
            return tuple(values[slot] for slot in self.plan.outputs)
        run.values = values
        for keep in self._inputs_kept:
            keep(values)
        go_timed(self, run, self.acts_of(run))
        run.values[RUN] = NOTHING
        outputs = run.outputs
        run.forget()
        return outputs


__all__ = ["Pass", "Program", "Run"]

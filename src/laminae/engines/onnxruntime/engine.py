"""The onnxruntime engine of one graph: a session for each question asked of it, made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from laminae.base import torch
from laminae.base.arrays import ordinary_tensors, own
from laminae.base.errors import EngineError, UsageError
from laminae.engines.filling import Filled, fill, output
from laminae.engines.held import Held
from laminae.engines.onnxruntime.expansion import require_small
from laminae.engines.onnxruntime.form import Form, form_of
from laminae.engines.onnxruntime.lazy import onnxruntime, require_onnxruntime
from laminae.engines.onnxruntime.refusals import require_patchable, require_repeatable, require_runnable
from laminae.engines.onnxruntime.session import Session
from laminae.engines.onnxruntime.stages import Stage, stages
from laminae.engines.onnxruntime.values import type_of
from laminae.engines.run import Run
from laminae.graph import Graph, Layer, Value
from laminae.ops.registry import Operator, registrations
from laminae.plan.changes import NO_CHANGES, Changes, is_absolute
from laminae.plan.plan import Plan, make_plan
from laminae.plan.policy import Policy
from laminae.plan.resolve import known

MOST_SESSIONS = 16
"""Sessions kept of one model, one for each store policy and stretch that was run; of more, the one not used for longest goes."""


class OnnxRuntimeEngine:
    """Runs one graph with ONNX Runtime on the CPU, fused as it likes: what is stored is as it was, to rounding.

    What runs in bodies is not seen. Random numbers are ONNX Runtime's own.
    """

    name = "onnxruntime"

    def __init__(self, graph: Graph, examples: Callable[[], Sequence[Any] | None]) -> None:
        require_onnxruntime()
        self.graph = graph
        self._examples = examples
        self._state: Any = None
        self._form: Form | None = None
        self._operators: dict[Layer, Operator] = {}
        self._plans: dict[Policy, Plan] = {}
        self._stages: dict[Any, Sequence[Stage]] = {}
        self._sessions: dict[Any, Session] = {}

    @property
    def home(self) -> Any:
        return torch.device("cpu")

    def call(self, inputs: Sequence[Any], device: Any) -> tuple[Any, ...]:
        """The outputs only. Those that are a parameter's or the caller's own memory are copies."""
        _require_cpu(device)
        with _plainly():
            return self._called(inputs)

    def _called(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        found = self._pass("call", dict(zip(self.graph.inputs, inputs, strict=True)), self._outputs(), NO_CHANGES)
        theirs = set(self.graph.inputs)
        outs = ((out, output(out, found, NO_CHANGES)) for out in self.graph.outputs)
        return tuple(own(value) if out in theirs else value for out, value in outs)

    def record(
        self,
        inputs: Sequence[Any],
        policy: Policy,
        device: Any,
        *,
        backward: bool = False,
        changes: Changes = NO_CHANGES,
        first: int = 0,
    ) -> Run:
        """A run that keeps what the policy says. first: the number of the first sample in its dataset."""
        _require_cpu(device)
        if backward:
            raise EngineError("engine 'onnxruntime' has no backward pass", {"the way out": "engine='torch'"})
        with _plainly():
            return self._recorded(inputs, policy, changes, first)

    def _recorded(self, inputs: Sequence[Any], policy: Policy, changes: Changes, first: int) -> Run:
        given = dict(zip(self.graph.inputs, inputs, strict=True))
        run = self._begun(policy, changes)
        for layer in self.graph.input_layers:
            if layer in changes.layers:
                (value,) = layer.outputs
                assert value is not None
                (given[value],) = changes.layers[layer]((given[value],))
        wanted = [v for step in run.plan.order if step.kept for v in step.layer.outputs if v is not None]
        found = self._pass(policy, given, [*wanted, *self._outputs()], changes, run)
        return fill(run, found, changes, first)

    def partial(
        self,
        given: Mapping[Value, Any],
        layers: Container[Layer],
        policy: Policy,
        device: Any,
        *,
        changes: Changes = NO_CHANGES,
        states: Mapping[Layer, Any] | None = None,
    ) -> Run:
        """A run of these layers only, whatever else they read being given."""
        run = self._begun(policy, changes)
        self._ready().require_own(given)
        run.ran = [place for place, step in enumerate(run.plan.steps) if step.layer in layers]
        wanted = [v for step in run.plan.steps if step.kept and step.layer in layers for v in step.layer.outputs if v is not None]
        with _plainly():
            return fill(run, self._pass(None, dict(given), [*wanted, *self._outputs()], changes, run), changes)

    # -- made once -----------------------------------------------------------------------------------------------------

    def _ready(self) -> Form:
        """The form of the graph as it is now; all that was made of another is forgotten."""
        state = self.graph.revision, registrations()
        if self._form is None or self._state != state:
            for kept in (self._plans, self._stages, self._sessions):
                kept.clear()
            self._operators = known(self.graph)
            require_runnable(self.graph, self._operators)
            require_small(self.graph)
            self._form = form_of(self.graph, self._operators, self._examples)
            self._state = state
        return self._form

    def _begun(self, policy: Policy, changes: Changes) -> Run:
        form = self._ready()
        require_patchable(changes, self.graph)
        if policy not in self._plans:
            if len(self._plans) >= MOST_SESSIONS:
                self._plans.clear()
                self._stages.clear()
            self._plans[policy] = make_plan(self.graph, self._operators, policy, roomy=True)
        plan = self._plans[policy]
        for parameter in plan.parameters:
            parameter.tensor()
        run = Filled(plan, self.home, self, said=self._said(form))
        run.held, run.only_seen = Held(plan.parameters), form.only_seen
        run.missing = {step.layer: form.missing[step.layer] for step in plan.steps if step.kept and step.layer in form.missing}
        return run

    def _said(self, form: Form) -> str:
        parts = [f"engine onnxruntime {onnxruntime.__version__}"]
        if form.values is not None:
            lost = len(form.missing)
            parts.append("by its ONNX form" + (f", where {lost} layers have no value of their own" if lost else ""))
        return " ".join(parts)

    def _outputs(self) -> list[Value]:
        return [out for out in self.graph.outputs if isinstance(out, Value)]

    def _session(self, graph: Graph, stage: Stage, have: Mapping[Value, Any]) -> Session:
        """The session of a stage, made anew where a parameter has been written to since."""
        types = {value: type_of(have[value]) for value in stage.inputs}
        key = (stage, tuple(types.values()))
        session = self._sessions.pop(key, None)
        if session is not None and session.stale:
            session = None
            self._sessions.clear()
        if session is None:
            if len(self._sessions) >= MOST_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            session = Session(graph, stage, types)
        self._sessions[key] = session
        return session

    # -- one pass ------------------------------------------------------------------------------------------------------

    def _pass(
        self, key: Any, given: dict[Value, Any], wanted: Iterable[Value], changes: Changes, run: Run | None = None
    ) -> dict[Value, Any]:
        """All that is known after a pass, by the model's own values. key: of a pass that is asked for again, None of another."""
        form = self._ready()
        cuts = self._cuts(form, changes, given)
        have = {x: value for v, value in given.items() if (x := form.of(v)) is not None}
        start = perf_counter()
        todo = self._todo(key, form, have, wanted, cuts, changes)
        if run is not None and run.ran is not None:
            require_repeatable((layer for stage in todo for layer in stage.layers), form.operators)
        for stage in todo:
            have |= self._session(form.graph, stage, have).run(have, changes.parameters)
            if stage.cut is not None:
                _change(cuts[stage.cut], form, have, changes)
        if run is not None:
            run.ticks = [start, perf_counter()]
        return have if form.values is None else given | form.found(have)

    def _cuts(self, form: Form, changes: Changes, given: dict[Value, Any]) -> dict[Layer, Layer]:
        """Layers of the form after which a pass stops for a change → the model's layer that is changed.

        What does not depend on what was there is given instead.
        """
        cuts = {}
        for layer, change in changes.layers.items():
            if layer.is_input:
                continue
            maker = form.maker(layer)
            if is_absolute(change) and len(layer.outputs) == 1 and layer.outputs[0] is not None:
                (given[layer.outputs[0]],) = change((None,))
            else:
                cuts[maker] = layer
        return cuts

    def _todo(
        self, key: Any, form: Form, have: Mapping[Value, Any], wanted: Iterable[Value], cuts: Iterable[Layer], changes: Changes
    ) -> Sequence[Stage]:
        """The stages of a pass; those of one without changes are found once."""
        if key in self._stages and changes is NO_CHANGES:
            return self._stages[key]
        meant = dict.fromkeys(x for v in wanted if (x := form.of(v)) is not None)
        made = tuple(stages(form.graph, have, meant, cuts, changes.parameters))
        if key is not None and changes is NO_CHANGES:
            self._stages[key] = made
        return made


def engine(graph: Graph, examples: Callable[[], Sequence[Any] | None]) -> OnnxRuntimeEngine:
    """The engine of a graph. Raises MissingPackageError without the package."""
    return OnnxRuntimeEngine(graph, examples)


@contextmanager
def _plainly() -> Iterator[None]:
    """Whatever mode the caller is in, values are ordinary tensors without history."""
    with torch.no_grad(), ordinary_tensors():
        yield


def _change(layer: Layer, form: Form, have: dict[Value, Any], changes: Changes) -> None:
    """Put what a pass changes of a layer in place of what it made."""
    places = [None if v is None else form.of(v) for v in layer.outputs]
    made = changes.layers[layer](tuple(None if place is None else have[place] for place in places))
    for place, value in zip(places, made, strict=True):
        if place is not None:
            have[place] = value


def _require_cpu(device: Any) -> None:
    if device.type != "cpu":
        raise UsageError(f"engine 'onnxruntime' runs on the CPU, not on {device}", {"the way out": "engine='torch'"})

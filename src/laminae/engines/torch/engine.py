"""The torch engine of one graph: a program for each store policy and device, made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import is_tensor, ordinary_tensors
from laminae.base.pages import keep_pages
from laminae.engines.torch.passes import Pass, Run
from laminae.engines.torch.program import Program
from laminae.engines.torch.stepping import Stepping
from laminae.engines.torch.sweep import many
from laminae.graph import Graph, Layer, Value
from laminae.ops.chance import set_state, state
from laminae.ops.registry import Operator, registrations
from laminae.plan.changes import NO_CHANGES, Changes
from laminae.plan.plan import make_plan
from laminae.plan.policy import NONE, Policy
from laminae.plan.resolve import resolve

MOST_PROGRAMS = 16
"""Programs kept of one model, one for each store policy and device; beyond that all are made anew."""


class TorchEngine:
    """Runs one graph, and what is inside it, with torch. Exact: what is kept never changes a bit of what comes out."""

    name = "torch"

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._programs: dict[Any, Program] = {}
        self._state: Any = None

    @property
    def home(self) -> Any:
        """The device where the parameters are, by the first of them."""
        first = next(iter(self.graph.parameters.values()), None)
        if first is None:
            return torch.device("cpu")
        return first.array.device if is_tensor(first.array) else torch.device("cpu")

    def program(
        self,
        graph: Graph,
        policy: Policy,
        device: Any,
        *,
        noting: bool = False,
        given: dict[str, Any] | None = None,
        body: bool = False,
        roomy: bool = False,
    ) -> Program:
        """The program of the graph or of a body in it; the same one until the graph changes. roomy: any part of it can be run."""
        given = given or {}
        operators = self.operators()
        roomy = roomy or (noting and not body and policy.everything)
        key = (id(graph), graph.revision, policy, device, noting, roomy, _key(given) if given else ())
        if key not in self._programs:
            if not body and sum(id(self.graph) == key[0] for key in self._programs) >= MOST_PROGRAMS:
                self._programs.clear()
            plan = make_plan(graph, operators, policy, body=body, resumable=noting and not body, roomy=roomy)
            self._programs[key] = Program(self, plan, device, noting=noting, given=given, body=body)
        return self._programs[key]

    def operators(self) -> dict[Layer, Operator]:
        """Of every layer of the graph and of what is inside it."""
        state = self.graph.revision, registrations()
        if self._state is None or self._state[0] != state:
            self._programs.clear()
            self._state = state, resolve(self.graph)
        return self._state[1]  # type: ignore[no-any-return]

    def move(self, device: Any) -> None:
        """Bring all parameters to a device."""
        for _, inner in self.graph.graphs():
            for parameter in inner.parameters.values():
                parameter.array = parameter.tensor().to(device)

    def call(self, inputs: Sequence[Any], device: Any) -> tuple[Any, ...]:
        """The outputs only; every other value is freed at its last use."""
        with torch.no_grad(), ordinary_tensors(), _on(device):
            return self.program(self.graph, NONE, device).call(inputs)

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
        """A run that keeps what the policy says. backward: and what a backward pass through it needs.

        changes: what it puts in place of what layers make. first: the number of the first sample in its dataset.
        """
        with _running(device, backward):
            return self.program(self.graph, policy, device, noting=True).record(inputs, changes, first)

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
        """A run of these layers only, whatever else they read being given.

        states: of torch's generator, before layers that drew: they draw the same again, and the generator is as it was after.
        """
        program = self.program(self.graph, policy, device, noting=True, roomy=True)
        run = Run(program, recording=True, within=Pass(changes=changes, states=dict(states or {})))
        before = state() if states else None
        try:
            with _running(device, False):
                return program.partial(run, given, layers)
        finally:
            if before is not None:
                set_state(before)

    def stepping(self, inputs: Sequence[Any], device: Any) -> Stepping:
        """A run that stops after each layer, for whoever looks at values or changes them on the way."""
        return Stepping(self.program(self.graph, NONE, device, roomy=True), inputs, partial(_running, device, False))

    def sweep(
        self, given: Mapping[Value, Any], layers: Container[Layer], changed: Mapping[Value, Any], device: Any, changes: Changes
    ) -> tuple[Any, ...]:
        """The outputs [passes, ...] of these layers, run for many passes at once.

        given: what all passes share. changed: value → [passes, ...]. Raises what torch raises where that cannot be.
        """
        program = self.program(self.graph, NONE, device, roomy=True)
        run = Run(program, within=Pass(changes=changes))
        with _running(device, False):
            return many(program, run, given, layers, changed)


def engine(graph: Graph, examples: Callable[[], Sequence[Any] | None]) -> TorchEngine:
    """The torch engine of a graph; it needs no examples of its inputs."""
    return TorchEngine(graph)


@contextmanager
def _running(device: Any, backward: bool) -> Iterator[None]:
    keep_pages()
    with torch.enable_grad() if backward else torch.no_grad(), ordinary_tensors(), _on(device):
        yield


def _on(device: Any) -> AbstractContextManager[Any]:
    """Tensors that operators make out of nothing are made there."""
    return nullcontext() if device.type == "cpu" else torch.device(device)


def _key(given: dict[str, Any]) -> Any:
    return tuple(
        (k, (v.tobytes(), v.dtype.str, v.shape) if isinstance(v, np.ndarray) else id(v) if isinstance(v, Graph) else repr(v))
        for k, v in sorted(given.items())
    )

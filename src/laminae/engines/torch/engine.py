"""The torch engine of one graph: a program for each store policy and device, made when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import is_tensor, ordinary_tensors
from laminae.base.pages import keep_pages
from laminae.engines.torch.program import Program, Run
from laminae.graph import Graph
from laminae.ops.registry import registrations
from laminae.plan.plan import make_plan
from laminae.plan.policy import NONE, Policy
from laminae.plan.resolve import resolve

MOST_PROGRAMS = 16
"""Programs kept of one model, one for each store policy and device; beyond that all are made anew."""


class TorchEngine:
    """Runs one graph, and what is inside it, with torch. Exact: what is kept never changes a bit of what comes out."""

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
    ) -> Program:
        """The program of the graph or of a body in it; the same one until the graph changes."""
        given = given or {}
        operators = self._operators()
        key = (id(graph), graph.revision, policy, device, noting, _key(given) if given else ())
        if key not in self._programs:
            if not body and sum(id(self.graph) == key[0] for key in self._programs) >= MOST_PROGRAMS:
                self._programs.clear()
            plan = make_plan(graph, operators, policy, body=body)
            self._programs[key] = Program(self, plan, device, noting=noting, given=given)
        return self._programs[key]

    def _operators(self) -> Any:
        state = self.graph.revision, registrations()
        if self._state is None or self._state[0] != state:
            self._programs.clear()
            self._state = state, resolve(self.graph)
        return self._state[1]

    def move(self, device: Any) -> None:
        """Bring all parameters to a device."""
        for _, inner in self.graph.graphs():
            for parameter in inner.parameters.values():
                parameter.array = parameter.tensor().to(device)

    def call(self, inputs: Sequence[Any], device: Any) -> tuple[Any, ...]:
        """The outputs only; every other value is freed at its last use."""
        with torch.no_grad(), ordinary_tensors(), _on(device):
            return self.program(self.graph, NONE, device).call(inputs)

    def record(self, inputs: Sequence[Any], policy: Policy, device: Any, *, backward: bool = False) -> Run:
        """A run that keeps what the policy says. backward: and what a backward pass through it needs."""
        keep_pages()
        with torch.enable_grad() if backward else torch.no_grad(), ordinary_tensors(), _on(device):
            return self.program(self.graph, policy, device, noting=True).record(inputs)


def _on(device: Any) -> AbstractContextManager[Any]:
    """Tensors that operators make out of nothing are made there."""
    return nullcontext() if device.type == "cpu" else torch.device(device)


def _key(given: dict[str, Any]) -> Any:
    return tuple(
        (k, (v.tobytes(), v.dtype.str, v.shape) if isinstance(v, np.ndarray) else id(v) if isinstance(v, Graph) else repr(v))
        for k, v in sorted(given.items())
    )

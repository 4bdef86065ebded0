"""What an engine is: it executes a graph as a plan says, and tells what every layer made."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, Protocol

from laminae.engines.run import Run
from laminae.graph import Graph, Layer, Value
from laminae.plan.changes import Changes
from laminae.plan.policy import Policy


class Engine(Protocol):
    """Runs one graph. What it cannot, it refuses with an EngineError that names the layer and the way out.

    Values are torch tensors, what torch cannot hold a HostArray; sequences are lists, maps dicts, an empty optional None. A
    value that is given may be read, never written to; one that is handed out is nobody else's memory. A new engine is a folder
    beside the others and a line in `choice`.
    """

    name: str
    graph: Graph

    @property
    def home(self) -> Any:
        """The device where it runs unless told otherwise."""

    def call(self, inputs: Sequence[Any], device: Any) -> tuple[Any, ...]:
        """The outputs only, in order. inputs: one for each input layer, in order."""

    def record(
        self,
        inputs: Sequence[Any],
        policy: Policy,
        device: Any,
        *,
        backward: bool = False,
        changes: Changes = ...,
        first: int = 0,
    ) -> Run:
        """A run that keeps what the policy says, and the outputs.

        backward: and what a backward pass through it needs. changes: what it puts in place of what layers make. first: the
        number of the first sample in its dataset.
        """

    def partial(
        self,
        given: Mapping[Value, Any],
        layers: Container[Layer],
        policy: Policy,
        device: Any,
        *,
        changes: Changes = ...,
        states: Mapping[Layer, Any] | None = None,
    ) -> Run:
        """A run of these layers only, whatever else they read being given. states: those of the run that it goes on from."""

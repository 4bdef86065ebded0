"""Running a graph: `x` taken, layers run in order, outputs given or everything recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.base.interface import Interface
from laminae.engines.torch import TorchEngine
from laminae.graph import Graph
from laminae.plan.policy import Policy, policy
from laminae.trace.inputs import take
from laminae.trace.patch import patches
from laminae.trace.patching import changes_of
from laminae.trace.record import Record
from laminae.trace.resume import PATCHED, STORED, part, require_unchanged


class Session:
    """One graph and the engine that runs it, where its parameters are unless told otherwise.

    interface: how arguments become inputs and outputs a structure, where the model was not a plain graph.
    """

    def __init__(self, graph: Graph, interface: Interface | None = None) -> None:
        self.graph = graph
        self.interface = interface
        self.engine = TorchEngine(graph)
        self._policies: dict[Any, Policy] = {}

    def call(self, given: Sequence[Any], named: Mapping[str, Any], device: Any = None) -> Any:
        """The output only: a tensor, or a tuple of all outputs in order."""
        where = self.engine.home if device is None else device_of(device)
        inputs = self._take(given, named, where, snapshot=False)
        return self.structured(self.engine.call(inputs, where))

    def run(
        self,
        given: Sequence[Any],
        named: Mapping[str, Any],
        store: object = True,
        device: Any = None,
        *,
        backward: bool = False,
        patch: Any = None,
    ) -> Record:
        """Every layer's output kept, or those that the store policy says. backward: with what a backward pass needs.

        patch: what stands in place of what layers make.
        """
        where = self.engine.home if device is None else device_of(device)
        keeps = self._policy(store)
        inputs = self._take(given, named, where, snapshot=True)
        put = patches(patch)
        changes = changes_of(self.graph, put)
        run = self.engine.record(inputs, keeps, where, backward=backward, changes=changes)
        return Record(run, self, put, dict.fromkeys(changes.layers, PATCHED))

    def resume(self, record: Record, patch: Any, store: object = None) -> Record:
        """A run on from another: only what depends on the patches runs again. Raises PatchError where that cannot be.

        store: what is kept of it, in place of what the other kept.
        """
        run = record.run
        require_unchanged(self.graph, record.revision, run.changed_since())
        put = patches(patch)
        todo = part(self.graph, run.stored(), record.patches, put)
        device, policy = run.program.device, run.program.plan.policy if store is None else self._policy(store)
        made = self.engine.partial(todo.given, todo.layers, policy, device, changes=todo.changes, states=run.within.states)
        made.take_over(run, {layer for layer, state in todo.states.items() if state == STORED})
        return Record(made, self, (*record.patches, *put), todo.states, resumed=True)

    def _take(self, given: Sequence[Any], named: Mapping[str, Any], where: Any, *, snapshot: bool) -> list[Any]:
        if self.interface is not None:
            given, named = self.interface.flatten(given, named), {}
        return take(self.graph, given, named, where, snapshot=snapshot)

    def structured(self, outputs: tuple[Any, ...]) -> Any:
        """A tensor, a tuple of all outputs in order, or the structure of the interface."""
        if self.interface is not None:
            return self.interface.restore(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def _policy(self, store: object) -> Policy:
        """Looked up once for each way of saying it, until the graph changes."""
        if isinstance(store, bool) or store is None:
            return policy(store, self.graph)
        key = (tuple(store) if isinstance(store, list) else store, self.graph.revision)
        if not isinstance(key[0], str | tuple):
            return policy(store, self.graph)
        if key not in self._policies:
            self._policies = (
                {key: policy(store, self.graph)}
                if len(self._policies) > 64
                else {**self._policies, key: policy(store, self.graph)}
            )
        return self._policies[key]

    def to(self, device: Any) -> None:
        """Move all parameters, and run there from now on."""
        self.engine.move(device_of(device))


def device_of(device: Any) -> Any:
    """A torch device that is here; raises UsageError where there is none of that name."""
    try:
        found = torch.device(device)
        if found.type == "meta":
            raise RuntimeError("the meta device holds no values")
        if found != torch.device("cpu"):
            torch.empty(0, device=found)
    except Exception as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise UsageError(f"device {device!r} is not here", {"because": reason, "instead": "device='cpu'"}) from None
    return torch.device(found.type, torch.cuda.current_device()) if found == torch.device("cuda") else found

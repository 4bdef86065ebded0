"""Running a graph: `x` taken, layers run in order, outputs given or everything recorded."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.base.interface import Interface
from laminae.engines.choice import DEFAULT, engine_of
from laminae.engines.interface import Engine
from laminae.engines.torch import TorchEngine
from laminae.engines.torch.stepping import Stepping
from laminae.graph import Graph, Layer
from laminae.plan.policy import Policy, policy
from laminae.trace.differentiable import differentiable
from laminae.trace.inputs import take
from laminae.trace.patch import patches
from laminae.trace.patching import changes_of
from laminae.trace.record import Record
from laminae.trace.resume import PATCHED, STORED, part, require_unchanged, seen_of


class Session:
    """One graph and the engines that run it: torch unless told otherwise, where its parameters are unless told otherwise.

    interface: how arguments become inputs and outputs a structure, where the model was not a plain graph. examples: arrays the
    inputs can be, in order, where some are known. follow: asked before each run, it sees to what the parameters hold.
    """

    def __init__(
        self,
        graph: Graph,
        interface: Interface | None = None,
        examples: Callable[[], Sequence[Any] | None] = lambda: None,
        follow: Callable[[], None] = lambda: None,
    ) -> None:
        self.graph = graph
        self.interface = interface
        self.examples, self.follow = examples, follow
        self.engine = TorchEngine(graph)
        self._engines: dict[str, Engine] = {DEFAULT: self.engine}
        self._policies: dict[Any, Policy] = {}

    def engine_named(self, name: str) -> Engine:
        """An engine of this graph, to run now; made when first asked for. Raises UsageError where there is none of that name."""
        self.follow()
        if not isinstance(name, str) or name not in self._engines:
            self._engines[name] = engine_of(name, self.graph, self.examples)
        return self._engines[name]

    def call(self, given: Sequence[Any], named: Mapping[str, Any], device: Any = None, engine: str = DEFAULT) -> Any:
        """The output only: a tensor, or a tuple of all outputs in order."""
        runner = self.engine_named(engine)
        where = runner.home if device is None else device_of(device)
        inputs = self._take(given, named, where, snapshot=False)
        return self.structured(runner.call(inputs, where))

    def run(
        self,
        given: Sequence[Any],
        named: Mapping[str, Any],
        store: object = True,
        device: Any = None,
        *,
        backward: bool | str = False,
        patch: Any = None,
        engine: str = DEFAULT,
    ) -> Record:
        """Every layer's output kept, or those that the store policy says. backward: with what a backward pass needs.

        patch: what stands in place of what layers make.
        """
        runner = self.engine_named(engine)
        where = runner.home if device is None else device_of(device)
        keeps = self._policy(store)
        inputs = self._take(given, named, where, snapshot=True)
        put = patches(patch)
        if backward not in (True, False, "inputs"):
            raise UsageError(f"backward={backward!r} is nothing", {"expected": "True, or 'inputs': the inputs' derivatives too"})
        with torch.set_grad_enabled(bool(backward)):  # through a patched parameter, to the parameter
            changes = changes_of(self.graph, put, where)
        states = dict.fromkeys(changes.layers, PATCHED)
        if backward and runner is self.engine:
            of_inputs, operators = backward == "inputs", self.engine.operators()
            inputs, changes = differentiable(self.graph, operators, inputs, changes, where, of_inputs=of_inputs)
        run = runner.record(inputs, keeps, where, backward=bool(backward), changes=changes)
        return Record(run, self, put, states, inside=changes.inside)

    def resume(self, record: Record, patch: Any, store: object = None, wanted: Iterable[Layer] = ()) -> Record:
        """A run on from another: only what depends on the patches runs again. Raises PatchError where that cannot be.

        store: what is kept of it, in place of what the other kept. wanted: layers that run again too where they were not stored.
        """
        self.follow()
        run = record.run
        require_unchanged(self.graph, record.revision, run.changed_since())
        put = patches(patch)
        todo = part(self.graph, run.stored(), record.patches, put, seen_of(run), run.device, wanted)
        policy = run.plan.policy if store is None else self._policy(store)
        made = run.engine.partial(todo.given, todo.layers, policy, run.device, changes=todo.changes, states=run.states)
        made.take_over(run, {layer for layer, state in todo.states.items() if state == STORED})
        made.inner.update({layer: inner for layer, inner in run.inner.items() if layer not in todo.layers})
        return Record(made, self, (*record.patches, *put), todo.states, resumed=True, inside=todo.changes.inside)

    def stepping(self, given: Sequence[Any], named: Mapping[str, Any], device: Any = None) -> Stepping:
        """A pass to be run a layer at a time, by torch. `x` is copied: what the caller writes into it later changes nothing."""
        self.follow()
        where = self.engine.home if device is None else device_of(device)
        return self.engine.stepping(self._take(given, named, where, snapshot=True), where)

    def _take(self, given: Sequence[Any], named: Mapping[str, Any], where: Any, *, snapshot: bool) -> list[Any]:
        if self.interface is not None:
            given, named = self.interface.flatten(given, named), {}
        return take(self.graph, given, named, where, snapshot=snapshot)

    def inputs(self, given: Sequence[Any], named: Mapping[str, Any] | None = None) -> list[Any]:
        """One tensor for each input layer, where the model runs. Raises InputError where they cannot take x."""
        return self._take(given, named or {}, self.engine.home, snapshot=False)

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
        parts = key[0] if isinstance(key[0], tuple) else ()
        if not isinstance(key[0], str | tuple) or not all(isinstance(part, Hashable) for part in parts):
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

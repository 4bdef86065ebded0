"""Running a graph: `x` taken, layers run in order, outputs given or everything recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.engines.torch import TorchEngine
from laminae.graph import Graph
from laminae.plan.policy import policy
from laminae.trace.inputs import take
from laminae.trace.record import Record


class Session:
    """One graph and the engine that runs it, where its parameters are unless told otherwise."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.engine = TorchEngine(graph)

    def call(self, given: Sequence[Any], named: Mapping[str, Any], device: Any = None) -> Any:
        """The output only: a tensor, or a tuple of all outputs in order."""
        where = self.engine.home if device is None else device_of(device)
        inputs = take(self.graph, given, named, where, snapshot=False)
        outputs = self.engine.call(inputs, where)
        return outputs[0] if len(outputs) == 1 else outputs

    def run(self, given: Sequence[Any], named: Mapping[str, Any], store: object = True, device: Any = None) -> Record:
        """Every layer's output kept, or those that the store policy says."""
        where = self.engine.home if device is None else device_of(device)
        keeps = policy(store, self.graph)
        inputs = take(self.graph, given, named, where, snapshot=True)
        return Record(self.engine.record(inputs, keeps, where))

    def to(self, device: Any) -> None:
        """Move all parameters, and run there from now on."""
        self.engine.move(device_of(device))


def device_of(device: Any) -> Any:
    """A torch device; raises UsageError where there is none of that name here."""
    if isinstance(device, torch.device):
        return device
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise UsageError(f"there is no device {device!r}", {"because": str(error).split("\n")[0]}) from None
    if found.type == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            f"device {device!r} is not here", {"because": "this torch sees no CUDA device", "instead": "device='cpu'"}
        )
    return found

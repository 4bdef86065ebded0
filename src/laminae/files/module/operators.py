"""What a GraphModule calls for a layer that is no plain overload of torch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch

from laminae.base.errors import UsageError
from laminae.ops.registry import Operator, find


def guarded(overload: Any, no_grad: bool, autocast: Mapping[str, Any] | None, *args: Any, **kwargs: Any) -> Any:
    """An overload under no_grad, autocast, or both."""
    if autocast is not None:
        with torch.autocast(**autocast):
            return guarded(overload, no_grad, None, *args, **kwargs)
    if no_grad:
        with torch.no_grad():
            return overload(*args, **kwargs)
    return overload(*args, **kwargs)


class OperatorModule(torch.nn.Module):
    """One operator with its attributes. It gives a tuple, however many outputs there are.

    bodies: GraphModules by attribute, which take a body's inputs and then what it reads from outside.
    """

    def __init__(
        self, operator: Operator, attributes: Mapping[str, Any], bodies: Mapping[str, Any], n_outputs: int, n_inputs: int
    ) -> None:
        super().__init__()
        self.meant = operator.domain, operator.name, operator.since
        self.plain = {key: value for key, value in attributes.items() if not isinstance(value, torch.Tensor)}
        for key, value in attributes.items():
            if isinstance(value, torch.Tensor):
                self.register_buffer(f"attribute_{key}", value, persistent=False)
        for key, body in bodies.items():
            self.add_module(f"body_{key}", body)
        self.n_outputs, self.n_inputs = n_outputs, n_inputs

    def forward(self, *given: Any) -> tuple[Any, ...]:
        operator = find(*self.meant)
        assert operator is not None
        attributes = dict(self.plain)
        for key, value in self._buffers.items():
            attributes[key.removeprefix("attribute_")] = value
        for key, body in self._modules.items():
            attributes[key.removeprefix("body_")] = body
        if "n_outputs" in operator.asks:
            attributes["n_outputs"] = self.n_outputs
        if "context" in operator.asks:
            attributes["context"] = Captured(given[self.n_inputs :])
        made = operator.run(*given[: self.n_inputs], **attributes)
        return made if isinstance(made, tuple) else (made,)


class OnePhase(torch.fx.GraphModule):
    """A GraphModule of one phase. Told of the other, as trainers tell it, it says that layers with two ways stay as they are."""

    phase = False

    def train(self, mode: bool = True) -> OnePhase:
        if mode != self.phase and _has_two_ways(self.graph):
            asked, held = ("training", "evaluation") if mode else ("evaluation", "training")
            warnings.warn(
                f"this module is a graph of the {held} phase: its dropout and normalization stay so. "
                f"For {asked}: model.{'train' if mode else 'eval'}().to_torch()",
                stacklevel=2,
            )
        super().train(mode)
        return self


def _has_two_ways(graph: torch.fx.Graph) -> bool:
    return any("dropout" in str(node.target) or "batch_norm" in str(node.target) for node in graph.nodes)


class Captured:
    """How an operator runs its bodies: with what they read from outside."""

    def __init__(self, captures: tuple[Any, ...]) -> None:
        self.captures = captures

    def run_body(self, body: Any, *inputs: Any) -> tuple[Any, ...]:
        return tuple(body(*inputs, *self.captures))

    def run_between(self, *_: Any) -> Any:
        raise UsageError("the Gradient operator needs the whole graph: it has no place in an nn.Module")

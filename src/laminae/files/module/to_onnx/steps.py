"""A graph as a module with one submodule a layer: what an exporter makes of a layer then says from which one it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from laminae.base.arrays import as_value
from laminae.base.errors import UnknownOperatorError
from laminae.files.module.to_onnx.kept import kept
from laminae.graph.graph import Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.references import call_attributes, with_references
from laminae.graph.value import Value
from laminae.ops.aten import NO_GRAD
from laminae.ops.registry import find

HIGHER_ORDER = "torch.ops.higher_order"
CPU = torch.device("cpu")


class Steps(torch.nn.Module):
    """Layers in order as a function of `reads`. opset: of the ONNX operators that are placed as such."""

    def __init__(
        self,
        layers: Sequence[Layer],
        reads: Sequence[Value | Parameter],
        outputs: Sequence[Value | Parameter],
        opset: int,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.reads, self.results = list(reads), list(outputs)
        self.steps: Any = torch.nn.ModuleList(Step(layer, opset, dict(given or {})) for layer in layers)

    def forward(self, *given: Any) -> tuple[Any, ...]:
        values: dict[Any, Any] = dict(zip(self.reads, given, strict=True))
        for step in self.steps:
            made = step(*(None if x is None else values[x] for x in (*step.layer.inputs, *step.captures)))
            values.update((value, x) for value, x in zip(step.layer.outputs, made, strict=False) if value is not None)
        return tuple(values[out] for out in self.results)

    def owners(self) -> dict[str, Layer]:
        """Path of a step → its layer."""
        return {
            path.replace(".", "/"): module.layer for path, module in self.named_modules() if isinstance(module, Step) and path
        }


class Step(torch.nn.Module):
    """One layer: takes its inputs, then what its bodies read from outside; gives a tuple."""

    def __init__(self, layer: Layer, opset: int, given: dict[str, Any]) -> None:
        super().__init__()
        self.layer, self.opset = layer, opset
        self.captures = layer.captures
        self.plain = {key: _plain(value) for key, value in with_references(layer.attributes, given).items() if key != NO_GRAD}
        if layer.function is not None:
            body = layer.function.graph
            self.body = Steps(_runs(body), body.inputs, body.outputs, opset, call_attributes(layer, given))
        for key, value in list(self.plain.items()):
            if isinstance(value, Graph):
                del self.plain[key]
                self.add_module(key, Steps(_runs(value), [*value.inputs, *self.captures], value.outputs, opset, given))

    def forward(self, *given: Any) -> tuple[Any, ...]:
        made = self.made(given)
        return tuple(made) if isinstance(made, (tuple, list)) else (made,)

    def made(self, given: tuple[Any, ...]) -> Any:
        layer = self.layer
        if layer.function is not None:
            return self.body(*given)
        inputs, captured = given[: len(layer.inputs)], given[len(layer.inputs) :]
        if layer.domain == HIGHER_ORDER:
            return self.control(inputs, captured)
        made = kept(layer, self.plain, inputs, self.opset)
        return made if made is not None else self.run(inputs, captured)

    def run(self, inputs: tuple[Any, ...], captured: tuple[Any, ...]) -> Any:
        """By the operator's own function, which torch follows."""
        layer = self.layer
        operator = find(layer.domain, layer.operator, layer.opset)
        if operator is None:
            raise UnknownOperatorError(f"layer {layer.name!r} has an operator that is not known", {"operator": layer.describe()})
        attributes = dict(self.plain)
        attributes.update(self._modules)
        if "n_outputs" in operator.asks:
            attributes["n_outputs"] = len(layer.outputs)
        if "context" in operator.asks:
            attributes["context"] = _Captured(captured)
        return operator.run(*inputs, **attributes)

    def control(self, inputs: tuple[Any, ...], captured: tuple[Any, ...]) -> Any:
        """torch.cond, while_loop and scan with their bodies as functions."""
        higher = torch.ops.higher_order
        if self.layer.operator == "cond":
            return higher.cond(inputs[0], self.true_graph, self.false_graph, tuple(captured))
        if self.layer.operator == "while_loop":
            return higher.while_loop(self.cond_graph, self.body_graph, tuple(inputs), tuple(captured))
        carried = self.plain["carried"]
        return higher.scan(self.combine_graph, list(inputs[:carried]), list(inputs[carried:]), tuple(captured))


class _Captured:
    """How an ONNX operator runs its bodies: with what they read from outside."""

    def __init__(self, captured: tuple[Any, ...]) -> None:
        self.captured = captured

    def run_body(self, body: Any, *inputs: Any) -> tuple[Any, ...]:
        return tuple(body(*inputs, *self.captured))


def _runs(graph: Graph) -> list[Layer]:
    return [layer for layer in graph.layers if not layer.is_input]


def _plain(value: Any) -> Any:
    """An attribute as the export takes it: on the CPU, where all of it is traced."""
    if isinstance(value, torch.device):
        return CPU
    if isinstance(value, dict) and "device_type" in value:
        return {**value, "device_type": CPU.type}
    return as_value(value) if type(value).__module__ == "numpy" else value

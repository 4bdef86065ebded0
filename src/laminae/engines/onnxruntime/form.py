"""The graph as ONNX Runtime can have it: itself, or, of PyTorch's operators, its ONNX form with the values that both have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from laminae.base.arrays import is_tensor
from laminae.base.errors import EngineError, LaminaeError
from laminae.engines.onnxruntime.passing import restore
from laminae.graph import Graph, Layer, Value
from laminae.graph.lint import require_sound
from laminae.ops.registry import Operator
from laminae.plan.resolve import known

NO_VALUE = "the model's ONNX form has no value of its own for it"


@dataclass(frozen=True)
class Form:
    """graph: what is run. operators: of its layers, as far as they are ours.

    values: of the model's graph → of this one, where there are two. only_seen: those of them that cannot be changed.
    missing: layers without a value here, and why.
    """

    graph: Graph
    operators: Mapping[Layer, Operator]
    values: dict[Value, Value] | None = None
    only_seen: frozenset[Value] = frozenset()
    missing: dict[Layer, str] = field(default_factory=dict)

    def of(self, value: Value) -> Value | None:
        """The value here that is that one of the model; None where there is none."""
        return value if self.values is None else self.values.get(value)

    def maker(self, layer: Layer) -> Layer:
        """The layer here that makes the outputs of that one of the model. Raises EngineError where it is not one."""
        outputs = [None if v is None else self.of(v) for v in layer.outputs]
        makers = {None if x is None else x.producer for x, v in zip(outputs, layer.outputs, strict=True) if v is not None}
        maker = makers.pop() if len(makers) == 1 and not self.only_seen.intersection(layer.outputs) else None
        if maker is None:
            raise EngineError(
                f"engine 'onnxruntime' cannot patch layer {layer.name!r}",
                {"operator": layer.describe(), "because": self.missing.get(layer, NO_VALUE), "the way out": "engine='torch'"},
            )
        return maker

    def require_own(self, given: Iterable[Value]) -> None:
        """Raises EngineError for a value that is given and that nothing here would read: a patch put it in place of another."""
        for value in given if self.values is not None else ():
            if (self.of(value) is None or value in self.only_seen) and value.producer is not None:
                self.maker(value.producer)

    def found(self, have: Mapping[Value, Any]) -> dict[Value, Any]:
        """What is known, by the model's own values; a number is one again."""
        values = {v: have[x] for v, x in (self.values or {}).items() if x in have}
        return {v: value.item() if v.kind == "number" and is_tensor(value) else value for v, value in values.items()}


def form_of(graph: Graph, operators: Mapping[Layer, Operator], examples: Callable[[], Sequence[Any] | None]) -> Form:
    """Raises EngineError naming the layers that ONNX cannot express, ModelError where names do not tell values apart."""
    if not any(layer.domain.startswith("torch.") for layer in graph.layers):
        require_sound(graph)
        return Form(graph, operators)
    from laminae.files.module.to_onnx.convert import to_onnx

    _refuse_complex(graph)
    try:
        made = to_onnx(graph, examples())
    except LaminaeError as error:
        details = {**error.details, "the way out": "engine='torch'"}
        raise EngineError(f"the model has no ONNX form for engine 'onnxruntime': {error.message}", details) from error
    values = _counterparts(graph, made)
    only_seen = restore(graph, made, values)
    missing = {x: NO_VALUE for x in graph.layers if not all(v is None or v in values for v in x.outputs)}
    return Form(made, known(made), values, only_seen, missing)


def _refuse_complex(graph: Graph) -> None:
    for x in (*graph.inputs, *graph.outputs, *graph.parameters.values()):
        if (x.dtype or "").startswith("complex"):
            raise EngineError(
                f"engine 'onnxruntime' has no complex numbers, and {x.name!r} holds some", {"the way out": "engine='torch'"}
            )


def _counterparts(graph: Graph, made: Graph) -> dict[Value, Value]:
    """The values that both have: inputs and outputs by place, the others by their layer's name, dtype and rank."""
    found: dict[Value, Value] = dict(zip(graph.inputs, made.inputs, strict=True))
    found |= {a: b for a, b in zip(graph.outputs, made.outputs, strict=True) if isinstance(a, Value) and isinstance(b, Value)}
    by_name = made.index.by_name
    for layer in graph.layers:
        own = [v for v in layer.outputs if v is not None]
        other = by_name.get(layer.name)
        if other is not None and not all(v in found for v in own):
            theirs = [v for v in other.outputs if v is not None]
            pairs = zip(own, theirs, strict=False) if len(own) == len(theirs) else ()
            found |= {a: b for a, b in pairs if _same(a, b)}
    return found


def _same(a: Value, b: Value) -> bool:
    """Whether what is declared of two values may be one."""
    if a.kind or b.kind or (a.dtype and b.dtype and a.dtype != b.dtype):
        return False
    return a.shape is None or b.shape is None or len(a.shape) == len(b.shape)

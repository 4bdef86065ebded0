"""The shape walk: what is known of every value before any run, and of every layer's cost, by the operators' own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_tensor
from laminae.base.cost import Cost, total
from laminae.base.errors import LaminaeError
from laminae.base.records import Problem
from laminae.base.shapes import Shape, Spec, format_shape, same_shape
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.references import call_attributes, with_references
from laminae.ops.registry import Operator, find

SMALL = 1024
"""Integer parameters of at most so many elements are read in the walk: they may be shapes."""


@dataclass
class Walk:
    """Specs of all values, what did not fit, and where asked for what each layer costs."""

    specs: dict[Value | Parameter, Spec] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    costs: dict[Layer, Cost] | None = None


def walk(graph: Graph, given: Mapping[str, Spec] | None = None, *, costs: bool = False) -> Walk:
    """Go through the layers once, in order. given: specs of inputs by name, in place of the declared ones."""
    return _Walker().walk(graph, dict(given or {}), costs)


def parameter_spec(parameter: Parameter) -> Spec:
    """What is known of a parameter: its shape, and its content where it is small and whole-numbered (it may be a shape)."""
    spec = Spec(parameter.dtype, parameter.shape)
    if parameter.size <= SMALL and ("int" in parameter.dtype or parameter.dtype == "bool") and not is_tensor(parameter.array):
        return Spec(parameter.dtype, parameter.shape, np.asarray(parameter.array))
    if parameter.size <= SMALL and "int" in parameter.dtype and parameter.array.device.type == "cpu":
        return Spec(parameter.dtype, parameter.shape, as_numpy(parameter.array))
    return spec


class Bodies:
    """What the rules of a layer with bodies may ask: the specs its body gives for specs of its inputs, and what that costs."""

    def __init__(self, walker: _Walker, outer: Walk, given: dict[str, Any]) -> None:
        self._walker, self._outer, self._given = walker, outer, given

    def shape_body(self, body: Graph, *inputs: Spec) -> tuple[Spec, ...]:
        return self._walker.body(body, inputs, self._outer, self._given)

    def cost_body(self, body: Graph, *inputs: Spec) -> Cost:
        return self._walker.body_cost(body, inputs, self._outer, self._given)


class _Walker:
    def __init__(self) -> None:
        self.known: dict[Any, tuple[Spec, ...]] = {}
        self.known_costs: dict[Any, Cost] = {}

    def walk(self, graph: Graph, given: dict[str, Spec], costs: bool) -> Walk:
        found = Walk(costs={} if costs else None)
        for value in graph.inputs:
            found.specs[value] = given.get(value.name, Spec(value.dtype, value.shape))
        self.layers(graph.layers, found, {})
        return found

    def layers(self, layers: Iterable[Layer], found: Walk, attributes: dict[str, Any]) -> None:
        for layer in layers:
            if layer.is_input:
                continue
            inputs = [None if x is None else spec_of(x, found) for x in layer.inputs]
            try:
                specs = self.layer(layer, inputs, found, attributes)
            except LaminaeError as error:
                found.problems.append(_problem(layer, error, found))
                specs = (Spec(),) * len(layer.outputs)
            for value, spec in zip(layer.outputs, specs, strict=True):
                if value is not None:
                    found.specs[value] = _agreed(layer, value, spec, found.problems)
            if found.costs is not None:
                found.costs[layer] = self.cost(layer, inputs, found, attributes)

    def layer(self, layer: Layer, inputs: list[Spec | None], found: Walk, given: dict[str, Any]) -> tuple[Spec, ...]:
        if layer.function is not None:
            specs = self.function(layer, [s or Spec() for s in inputs], call_attributes(layer, given))
            return (specs + (Spec(),) * len(layer.outputs))[: len(layer.outputs)]
        operator = find(layer.domain, layer.operator, layer.opset)
        if operator is None:
            return (Spec(),) * len(layer.outputs)
        return self.infer(operator, layer, inputs, with_references(layer.attributes, given), found, given)

    def infer(
        self,
        operator: Operator,
        layer: Layer,
        inputs: list[Spec | None],
        attributes: dict[str, Any],
        found: Walk,
        given: dict[str, Any],
    ) -> tuple[Spec, ...]:
        try:
            return operator.infer(inputs, attributes, len(layer.outputs), Bodies(self, found, given))
        except LaminaeError:
            raise
        except Exception:  # a rule met what it did not foresee: the layer's own run will say what is wrong
            return (Spec(),) * len(layer.outputs)

    def cost(self, layer: Layer, inputs: list[Spec | None], found: Walk, given: dict[str, Any]) -> Cost:
        """What the layer costs, its outputs being known as far as they are."""
        if layer.function is not None:
            return self.function_cost(layer, [s or Spec() for s in inputs], call_attributes(layer, given))
        operator = find(layer.domain, layer.operator, layer.opset)
        if operator is None:
            return Cost()
        outputs = [None if value is None else spec_of(value, found) for value in layer.outputs]
        try:
            return operator.cost_for(
                inputs, with_references(layer.attributes, given), outputs, Bodies(self, Walk(found.specs), given)
            )
        except Exception:  # a rule met what does not fit: the walk has said so
            return Cost()

    def function_cost(self, layer: Layer, inputs: list[Spec], attributes: dict[str, Any]) -> Cost:
        assert layer.function is not None
        key = (layer.function.key, _key(inputs), repr(sorted(attributes.items())))
        if key not in self.known_costs:
            self.known_costs[key] = Cost()  # a function that calls itself ends here
            self.known_costs[key] = self.body_cost(layer.function.graph, tuple(inputs), Walk(), attributes)
        return self.known_costs[key]

    def function(self, layer: Layer, inputs: list[Spec], attributes: dict[str, Any]) -> tuple[Spec, ...]:
        assert layer.function is not None
        key = (layer.function.key, _key(inputs), repr(sorted(attributes.items())))
        if key not in self.known:
            self.known[key] = ()  # a function that calls itself ends here
            self.known[key] = self.body(layer.function.graph, tuple(inputs), Walk(), attributes)
        return self.known[key]

    def body(self, body: Graph, inputs: tuple[Spec, ...], outer: Walk, attributes: dict[str, Any]) -> tuple[Spec, ...]:
        inner = self.inside(body, inputs, Walk(dict(outer.specs), outer.problems), attributes)
        return tuple(spec_of(out, inner) for out in body.outputs)

    def body_cost(self, body: Graph, inputs: tuple[Spec, ...], outer: Walk, attributes: dict[str, Any]) -> Cost:
        inner = self.inside(body, inputs, Walk(dict(outer.specs), costs={}), attributes)
        return total((inner.costs or {}).values())

    def inside(self, body: Graph, inputs: tuple[Spec, ...], inner: Walk, attributes: dict[str, Any]) -> Walk:
        for value, spec in zip(body.inputs, inputs, strict=False):
            inner.specs[value] = spec
        self.layers(body.layers, inner, attributes)
        return inner


def spec_of(item: Value | Parameter, found: Walk) -> Spec:
    """What the walk knows of a value or a parameter."""
    if item not in found.specs:
        found.specs[item] = parameter_spec(item) if isinstance(item, Parameter) else Spec(item.dtype, item.shape)
    return found.specs[item]


def _key(specs: list[Spec]) -> str:
    return repr([(s.dtype, s.dims, None if s.value is None else s.value.tolist()) for s in specs])


def _agreed(layer: Layer, value: Value, spec: Spec, problems: list[Problem]) -> Spec:
    """The rule's spec, filled by what is declared; where they contradict, the rule holds and it is a problem."""
    if not same_shape(spec.dims, value.shape):
        problems.append(
            Problem(
                layer.name,
                f"output {value.name!r} is declared {format_shape(value.shape)}, its operator gives {format_shape(spec.dims)}",
            )
        )
        return spec
    if spec.dtype and value.dtype and spec.dtype != value.dtype:
        problems.append(Problem(layer.name, f"output {value.name!r} is declared {value.dtype}, its operator gives {spec.dtype}"))
        return spec
    return Spec(spec.dtype or value.dtype, _filled(spec.dims, value.shape), spec.value)


def _filled(found: Shape | None, declared: Shape | None) -> Shape | None:
    if found is None or declared is None:
        return declared if found is None else found
    return tuple(
        d if f is None or (isinstance(d, int) and not isinstance(f, int)) else f for f, d in zip(found, declared, strict=True)
    )


def _problem(layer: Layer, error: LaminaeError, found: Walk) -> Problem:
    reads = ", ".join(f"{x.name!r} {format_shape(spec_of(x, found).dims)}" for x in layer.inputs if x is not None)
    rest = "; ".join(f"{key} {text}" for key, text in error.details.items())
    return Problem(layer.name, f"{layer.describe()} cannot take {reads}: {error.message}" + (f" ({rest})" if rest else ""))

"""What an engine found, by value, brought into the slots of a run: for engines that hand over only what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import prod
from typing import Any

from laminae.base.arrays import is_array, own, seen
from laminae.base.dtypes import dtype_name, nbytes
from laminae.base.shapes import Spec
from laminae.engines.run import Run
from laminae.graph import Layer, Parameter, Value
from laminae.plan.changes import Changes
from laminae.plan.plan import Step
from laminae.plan.shapes import walk


class Filled(Run):
    """A run whose engine has not seen every value: of those, the operators' rules tell the shapes, when somebody asks."""

    def note(self, layer: Layer) -> tuple[tuple[tuple[int, ...] | None, str, int] | None, ...]:
        """Shape, dtype and bytes of what a layer made, as seen, or else as they follow from the shapes of the inputs."""
        return super().note(layer) or self._inferred.get(layer, ())

    @cached_property
    def _inferred(self) -> dict[Layer, tuple[tuple[tuple[int, ...] | None, str, int] | None, ...]]:
        inputs = [step for step in self.plan.order if step.layer.is_input]
        held = {str(step.about.outputs[0]): self.values[slot] for step, slot in zip(inputs, self.plan.inputs, strict=True)}
        given = {name: Spec(dtype_name(x), tuple(x.shape)) for name, x in held.items() if is_array(x)}
        specs = walk(self.plan.graph, given).specs
        return {x: tuple(None if v is None else _told(specs.get(v)) for v in x.outputs) for x in self.plan.graph.layers}


def _told(spec: Spec | None) -> tuple[tuple[int, ...], str, int] | None:
    """What is known of a value, where it is all known."""
    if spec is None or spec.dims is None or spec.dtype is None:
        return None
    sizes = tuple(size for size in spec.dims if isinstance(size, int))
    return (
        (sizes, spec.dtype, nbytes(spec.dtype, prod(sizes))) if len(sizes) == len(spec.dims) and spec.dtype != "string" else None
    )


def fill(run: Run, found: Mapping[Value, Any], changes: Changes, first: int = 0) -> Run:
    """The run with what is kept, its inputs and outputs. first: the number of the first sample in its dataset."""
    plan = run.plan
    run.values = [None] * plan.slots
    stay = {*plan.outputs, *plan.inputs}
    for step in plan.order:
        for value, slot in zip(step.layer.outputs, step.writes, strict=True):
            if slot is not None and value is not None and value in found and (step.whole or slot in stay):
                run.values[slot] = found[value]
        if not plan.policy.everything:
            _note(run, step, found)
        if step.rule is not None and not step.whole:
            for value, place in zip(step.layer.outputs, step.places, strict=True):
                if place is not None and value is not None and value in found:
                    run.values[place] = step.rule.of(found[value], first)
    for out, slot in zip(plan.graph.outputs, plan.outputs, strict=True):
        run.values[slot] = output(out, found, changes)
    return run


def output(out: Value | Parameter, found: Mapping[Value, Any], changes: Changes) -> Any:
    """An output's value; of a parameter a copy."""
    return found[out] if isinstance(out, Value) else own(changes.parameters.get(out, out.tensor())).detach()


def _note(run: Run, step: Step, found: Mapping[Value, Any]) -> None:
    """What the values of a layer are that is not kept whole."""
    if any(value in found for value in step.layer.outputs):
        run.notes[step.layer] = tuple(seen(found[v]) if v is not None and v in found else None for v in step.layer.outputs)

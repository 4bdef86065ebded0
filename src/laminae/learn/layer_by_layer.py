"""The derivatives of each sample out of one backward pass: each layer's weights from what it was given and its delta."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.graph import Layer, Parameter, Value
from laminae.learn.one_layer import NotByLayer, pulled, sample_derivatives
from laminae.learn.sample_axes import MIXED, Axes
from laminae.ops.chance import set_state, state
from laminae.plan.plan import Step
from laminae.trace.record import Record

Item = Value | Parameter


def layer_by_layer(
    passed: Record, deltas: Callable[[Value], Any], asked: Sequence[Parameter], axes: Axes, samples: int
) -> dict[Parameter, Any]:
    """[samples, *shape] for each weight. Right where every layer treats each sample alone, which whoever calls has to know.

    passed: a pass that kept every value. deltas: of a value that depends on the inputs, the derivative of each sample's own
    loss by it, None where none came. axes: where the samples stand in such values. What depends on weights alone (a transposed
    one) is gone through backward too. Raises NotByLayer where a weight is read in a way that says nothing of samples: in a
    body, or by a layer whose output has no axis of samples.
    """
    program = passed.run.program  # type: ignore[attr-defined]
    plan, values = passed.run.plan, passed.run.values
    given, learning = _sides(plan.order, asked)
    found: dict[Item, Any] = {}
    for step in reversed(plan.steps):
        layer = step.layer
        if any(x in learning for x in layer.captures):
            raise NotByLayer(f"weights are read inside {layer.name!r}")
        wanted = [i for i, x in enumerate(layer.inputs) if x in learning]
        if not wanted:
            continue
        whole = any(x in given for x in layer.reads)
        deltas_of = [None if x is None else deltas(x) if whole else found.get(x) for x in layer.outputs]
        if all(delta is None for delta in deltas_of):
            continue
        if layer.bodies or layer.function is not None:
            raise NotByLayer(f"layer {layer.name!r} has bodies")
        inputs = [_bare(values[slot]) for slot in step.reads]
        before = state() if program.draws(step) else None
        if whole:
            apart = {i: axis for i, x in enumerate(layer.inputs) if x in given and (axis := _axis(layer, axes, x)) is not None}
            out = [None if delta is None else _axis(layer, axes, x) for x, delta in zip(layer.outputs, deltas_of, strict=True)]
            if any(axis is None and delta is not None for axis, delta in zip(out, deltas_of, strict=True)):
                raise NotByLayer(f"the output of {layer.name!r} has no axis of samples")
            made = sample_derivatives(step, program, inputs, wanted, apart, deltas_of, out)
        else:
            made = pulled(step, program, inputs, wanted, deltas_of)
        if before is not None and not torch.equal(before[0], state()[0]):
            set_state(before)
            raise NotByLayer(f"layer {layer.name!r} draws numbers")
        for i, derivative in zip(wanted, made, strict=True):
            item = layer.inputs[i]
            assert item is not None
            found[item] = found[item] + derivative if item in found else derivative
    return {p: found[p] if p in found else torch.zeros(samples, *p.shape, dtype=p.tensor().dtype) for p in asked}


def _sides(order: Sequence[Step], asked: Sequence[Parameter]) -> tuple[set[Item], set[Item]]:
    """The values that depend on the inputs; the weights, and what depends on them and on no input."""
    given: set[Item] = set()
    learning: set[Item] = set(asked)
    for step in order:
        outputs = [x for x in step.layer.outputs if x is not None]
        if step.layer.is_input or any(x in given for x in step.layer.reads):
            given.update(outputs)
        elif any(x in learning for x in step.layer.reads):
            learning.update(outputs)
    return given, learning


def _bare(x: Any) -> Any:
    return x.detach() if is_tensor(x) else x


def _axis(layer: Layer, axes: Axes, value: Any) -> int | None:
    """Raises NotByLayer where the samples of a value do not stand along one axis."""
    axis = axes.get(value)
    if axis == MIXED:
        raise NotByLayer(f"layer {layer.name!r} has no axis for samples alone")
    return axis


__all__ = ["NotByLayer", "layer_by_layer"]

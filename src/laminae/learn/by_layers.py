"""Derivatives of samples layer by layer, where the deltas of a whole batch are those of its samples; held against two samples."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import LaminaeError
from laminae.graph import Graph, Parameter, Value
from laminae.learn.backward import Delta
from laminae.learn.layer_by_layer import NotByLayer, layer_by_layer
from laminae.learn.sample_axes import MIXED, Axes, sample_axes
from laminae.ops.chance import set_state, state
from laminae.trace.record import Record

LIKE = 1e-5
"""How far the delta of the output may lie from a multiple of that of a sample's own loss, as a relative norm."""

SAME = 1e-3
"""How far derivatives of a sample may lie from those of it alone: other kernels, and sums in another order."""

Found = tuple[dict[str, Any], Any]
"""Derivatives by name, [samples, …]; losses, [samples]."""

_known: weakref.WeakKeyDictionary[Graph, dict[Any, Axes | None]] = weakref.WeakKeyDictionary()
"""For a state of a graph, shapes and weights: where the samples stand; None where it was not right layer by layer."""


def by_layers(
    passed: Record,
    deltas: Sequence[Delta],
    place: int,
    known: Mapping[str, Parameter],
    loss: Callable[..., Any],
    parts: Sequence[Any],
    alone: Callable[[int], Any],
) -> Found | None:
    """None where it cannot be told so, or would be wrong: layers that mix samples.

    loss: of one sample, by its output and its expectation. alone: number of a sample → its derivatives and its loss from a pass
    of it alone; the first and the last sample are held against that once for each state of the graph and each batch's shape.
    """
    graph, output = passed.session.graph, passed.run.outputs[place].detach()
    key = (graph.revision, place, tuple(known), *((x.shape, x.dtype) for x in (output, *parts)), passed.run.device)
    tried = _known.setdefault(graph, {})
    if len(output) < 2 or tried.get(key, ()) is None:
        return None
    before = state()
    try:
        axes = tried[key] if key in tried else sample_axes(passed, len(output))
        assert axes is not None
        found = _found(passed, deltas, place, known, loss, output, parts, axes)
    except (NotByLayer, RuntimeError, NotImplementedError, LaminaeError):
        tried.setdefault(key, None)
        return None
    if key not in tried:
        right = all(_agrees(found, i, alone(i)) for i in (0, len(output) - 1))
        tried[key] = axes if right else None
    set_state(before)
    return found if tried[key] is not None else None


def _found(
    passed: Record,
    deltas: Sequence[Delta],
    place: int,
    known: Mapping[str, Parameter],
    loss: Callable[..., Any],
    output: Any,
    parts: Sequence[Any],
    axes: Axes,
) -> Found:
    of_output, losses = torch.func.vmap(torch.func.grad_and_value(loss))(output, *parts)
    came: dict[Any, Any] = {}
    for delta in deltas:
        if not delta.turn.prefix:
            pairs = zip(delta.turn.layer.outputs, delta.values, strict=True)
            came.update({x: d for x, d in pairs if x is not None and is_tensor(d)})
    last = passed.session.graph.outputs[place]
    if not isinstance(last, Value) or last not in came or any(not delta.kept for delta in deltas):
        raise NotByLayer("not every delta was stored")
    scale = _scale(of_output, came[last])

    def own(value: Value) -> Any:
        delta, axis = came.get(value), axes.get(value)
        if delta is None or axis is None or axis == MIXED:
            return delta
        return scale.view([-1 if i == axis else 1 for i in range(delta.ndim)]) * delta

    made = layer_by_layer(passed, own, tuple(known.values()), axes, len(output))
    return {name: made[box] for name, box in known.items()}, losses


def _scale(own: Any, whole: Any) -> Any:
    """[samples]: what the deltas of a batch's loss are to be multiplied by to be those of the samples' own losses.

    A mean divides all by the number of samples, a weighted one by other numbers. Raises NotByLayer where it is no factor.
    """
    a, b = own.flatten(1).double(), whole.flatten(1).double()
    squares = (b * b).sum(1)
    scale = torch.where(squares > 0, (a * b).sum(1) / squares.clamp_min(1e-300), 1.0)
    if not bool(((a - scale[:, None] * b).norm(dim=1) <= LIKE * a.norm(dim=1)).all()):
        raise NotByLayer("the loss of a batch is no sum over those of its samples")
    return scale.to(own.dtype)


def _agrees(found: Found, place: int, alone: tuple[Mapping[str, Any], Any]) -> bool:
    """Whether a sample's derivatives and loss are those of it alone."""
    pairs = [(found[0][name][place], grad) for name, grad in alone[0].items()] + [(found[1][place], alone[1])]
    whole = sum(float(torch.linalg.vector_norm(grad)) ** 2 for _, grad in pairs) ** 0.5
    return all(
        float(torch.linalg.vector_norm(a - b)) <= SAME * float(torch.linalg.vector_norm(b)) + 1e-6 * whole for a, b in pairs
    )

"""What in a model a number of its output comes from: gradients of it by any stored value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor, ordinary_tensors
from laminae.base.errors import LaminaeError, ShapeError, UsageError
from laminae.engines.torch.passes import Pass
from laminae.graph import Value
from laminae.graph.order import downstream
from laminae.graph.select import matches, unknown
from laminae.learn.again import again, forward, is_differentiable, require_same_model, wants_inputs
from laminae.learn.turns import Turn, turns
from laminae.plan.changes import Changes
from laminae.plan.policy import ALL
from laminae.trace.patching import changes_of
from laminae.trace.record import Record

METHODS = ("gradient", "gradient × activation", "integrated")

Of = Callable[[Any], Any]


def attribute(
    record: Record, of: Of, by: Sequence[str] | str, *, method: str = "gradient", baseline: Any = 0.0, steps: int = 64
) -> dict[str, Any]:
    """The attribution of one number of the output to each layer's output that `by` means: name → a tensor of that output's shape.

    of: the output (a tuple where there are several) → a tensor of one element. Raises UsageError for what gives none, for an
    unknown method and for layers that nothing goes through.
    """
    method = {"gradient_x_activation": METHODS[1], "gradient x activation": METHODS[1]}.get(method, method)
    if method not in METHODS:
        raise UsageError(f"there is no attribution {method!r}", {"there are": ", ".join(METHODS)})
    record.session.follow()
    require_same_model(record)
    globs = (by,) if isinstance(by, str) else tuple(by)
    kept = is_differentiable(record) and record.run.plan.policy.everything and not wants_inputs(record, globs)
    passed = record if kept else again(record)
    chosen = _chosen(turns(passed), globs)
    if method == "integrated":
        return {turn.name: _integrated(passed, turn, of, baseline, steps) for turn in chosen}
    with torch.enable_grad(), ordinary_tensors():
        number = _number(of, passed.run.outputs)
    places = [turn.reached()[0][1] for turn in chosen]
    grads = torch.autograd.grad(number, places, allow_unused=True, retain_graph=kept)
    pairs = [
        (turn.name, x.detach(), torch.zeros_like(x) if grad is None else grad)
        for turn, x, grad in zip(chosen, places, grads, strict=True)
    ]
    return {name: grad * x if method == METHODS[1] else grad for name, x, grad in pairs}


def _number(of: Of, outputs: tuple[Any, ...]) -> Any:
    found = of(outputs[0] if len(outputs) == 1 else outputs)
    if not is_tensor(found) or found.numel() != 1:
        told = list(found.shape) if is_tensor(found) else type(found).__name__
        raise UsageError("attribution is of one number of the output", {"found": told, "for example": "of=lambda y: y[0, 3]"})
    if not found.requires_grad:
        raise UsageError("that number does not depend on anything that can be differentiated")
    return found.reshape(())


def _chosen(every: Sequence[Turn], globs: Sequence[str]) -> list[Turn]:
    chosen = []
    for glob in globs:
        found = [t for t in every if matches(glob, name=t.name, path=t.entry.path, operator=t.entry.op) and t.reached()]
        if not found:
            found = [t for t in every if t.entry.path.startswith(glob.strip("/") + "/") and not t.prefix and t.reached()][-1:]
        if not found:
            raise unknown("layer that derivatives go through", glob, [t.name for t in every if t.reached()])
        chosen += [t for t in found if t not in chosen]
    return chosen


def _integrated(record: Record, turn: Turn, of: Of, baseline: Any, steps: int) -> Any:
    """(x − baseline) × the mean gradient on the straight way from the baseline to x. Sundararajan, Taly, Yan 2017, eq. 3.

    Summed over all elements it is what the number gains on that way (completeness), up to the rule's error: Gauss–Legendre's, of
    so many points.
    """
    if turn.prefix:
        raise UsageError(
            f"layer {turn.name!r} stands in a body: integrated gradients begin at layers outside",
            {"for example": "the layer of the body"},
        )
    place, x = turn.reached()[0]
    value = turn.layer.outputs[place]
    assert value is not None
    x = x.detach()
    start = _baseline(baseline, x, turn.name)
    points, weights = _legendre(steps, x)
    total = torch.zeros_like(x)
    for point, weight in zip(points, weights, strict=True):
        at = (start + point * (x - start)).requires_grad_()
        total += weight * _gradient(record, value, at, of)
    return (x - start) * total


def _gradient(record: Record, value: Value, at: Any, of: Of) -> Any:
    """Of the number by what stands in place of a value; only what depends on it runs."""
    graph, run = record.session.graph, record.run
    layers = frozenset(downstream(graph.layers, {value}))
    changes = changes_of(graph, record.patches, run.device)
    changes = Changes({x: c for x, c in changes.layers.items() if x in layers}, changes.inside, changes.parameters)
    stored: Mapping[Value, Any] = {v: x.detach() if is_tensor(x) else x for v, x in run.stored().items()}
    states = {layer: state for layer, state in run.states.items() if layer in layers}
    made = forward(
        record.session.engine, graph, {**stored, value: at}, layers, ALL, run.device, Pass(changes=changes, states=states)
    )
    try:
        with torch.enable_grad():
            number = _number(of, made.outputs)
        return torch.autograd.grad(number, at)[0]
    except LaminaeError:
        raise
    except RuntimeError as error:
        raise UsageError(f"that number does not depend on {value.name!r}", {"because": str(error).split("\n")[0]}) from None


def _baseline(baseline: Any, x: Any, name: str) -> Any:
    made = torch.as_tensor(baseline, dtype=x.dtype, device=x.device)
    if made.ndim and made.shape != x.shape:
        raise ShapeError(
            f"the baseline of layer {name!r} has another shape", {"expected": list(x.shape), "found": list(made.shape)}
        )
    return made.expand(x.shape).clone()


def _legendre(steps: int, like: Any) -> tuple[Any, Any]:
    """Points in 0 to 1 and their weights."""
    import numpy as np

    points, weights = np.polynomial.legendre.leggauss(steps)
    made = torch.tensor(np.stack([(points + 1) / 2, weights / 2]), dtype=like.dtype, device=like.device)
    return made[0], made[1]

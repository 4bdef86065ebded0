"""One backward pass, in the open: the delta of each layer's output and the derivative of each weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import LaminaeError, LayerError, UsageError
from laminae.graph import Parameter
from laminae.graph.select import unknown
from laminae.learn.turns import Turn
from laminae.plan.changes import Change, Changes
from laminae.plan.policy import ALL, Policy
from laminae.plan.store import Store


@dataclass(frozen=True)
class Way:
    """How a backward pass is to go. keeps: which deltas are stored. until: the last turn that it reaches, by name. changes: what
    stands in place of deltas on their way. frozen: weights that get no derivative.
    """

    keeps: Policy = ALL
    until: str | None = None
    changes: Changes = field(default_factory=Changes)
    frozen: frozenset[Parameter] = frozenset()

    def change(self, turn: Turn) -> Change | None:
        """What stands in place of the deltas of a turn."""
        if not turn.prefix:
            return self.changes.layers.get(turn.layer)
        return None if self.changes.inside is None else self.changes.inside(turn.name)


@dataclass(frozen=True, eq=False)
class Delta:
    """What came to one turn of a layer. values: the derivative by each output, None where none came or it is not stored.

    kept: whether it was to be stored. reached: whether one came.
    """

    turn: Turn
    values: tuple[Any, ...]
    kept: bool
    reached: bool


@dataclass(frozen=True, eq=False)
class Derivatives:
    """deltas: in reverse order. weights: by name, of each that the pass reached. without: those it did not reach."""

    deltas: tuple[Delta, ...]
    weights: Mapping[str, Any]
    without: tuple[str, ...]


def derivatives(
    of: Any, turns: Sequence[Turn], weights: Mapping[str, tuple[Parameter, Any]], way: Way, *, retain: bool = False
) -> Derivatives:
    """Differentiate one number by everything that led to it.

    of: a tensor of one element with its history. turns: of the pass, in forward order. weights: name → parameter and the tensor
    that the pass read in its place. retain: keep the history for another pass. Raises UsageError where nothing led to it that
    could learn.
    """
    if not of.requires_grad:
        raise UsageError(
            "nothing that learns leads to the loss",
            {"look at": "frozen weights, layers without a derivative (ArgMax, Cast to whole numbers)"},
        )
    reached = _until(turns, way.until)
    asked = {name: tensor for name, (p, tensor) in weights.items() if tensor.requires_grad and p not in way.frozen}
    if way.until is not None:
        inside = {p for turn in reached for p in turn.layer.parameters.values()}
        asked = {name: tensor for name, tensor in asked.items() if weights[name][0] in inside}
    pairs = [(turn, _rule(way.keeps, turn)) for turn in reached]
    kept = [(turn, i, x, rule) for turn, rule in pairs if rule is not None for i, x in turn.reached()]
    hooked = [(*rest, rule) for *rest, rule in kept if not rule.whole or way.change(rest[0]) is not None]
    whole = [one for one in kept if one[3].whole or way.until is not None]
    found: dict[tuple[Turn, int], Any] = {}
    leaves = [x for turn in reached if turn.layer.is_input for _, x in turn.reached()]
    inputs = [*asked.values(), *(x for _, _, x, _ in whole), *leaves]
    if not inputs:
        return Derivatives((), {}, tuple(asked))
    with _hooks(reached, way, hooked, found):
        made = _grad(of, inputs, retain)
    weight_grads = dict(zip(asked, made, strict=False))
    for (turn, i, *_), grad in zip(whole, made[len(asked) :], strict=False):
        found.setdefault((turn, i), grad)
    deltas = tuple(_delta(turn, rule, found) for turn, rule in reversed(pairs))
    return Derivatives(
        deltas, {k: v for k, v in weight_grads.items() if v is not None}, tuple(k for k, v in weight_grads.items() if v is None)
    )


def _rule(keeps: Policy, turn: Turn) -> Store | None:
    return next((rule for rule in keeps.rules if rule.means(turn.layer, turn.prefix)), None)


def _delta(turn: Turn, rule: Store | None, found: Mapping[tuple[Turn, int], Any]) -> Delta:
    values = tuple(found.get((turn, i)) for i in range(len(turn.values)))
    return Delta(turn, values, rule is not None, any(v is not None for v in values))


def _until(turns: Sequence[Turn], until: str | None) -> Sequence[Turn]:
    """The turns that a pass backward to a layer goes through, in forward order."""
    if until is None:
        return turns
    for at, turn in enumerate(turns):
        if until in (turn.name, turn.entry.path) or turn.entry.path.startswith(until.strip("/") + "/"):
            return turns[at:]
    raise unknown("layer", until, [turn.name for turn in turns])


def _grad(of: Any, inputs: Sequence[Any], retain: bool) -> Sequence[Any]:
    try:
        return torch.autograd.grad(of, inputs, allow_unused=True, retain_graph=retain)
    except LaminaeError:
        raise
    except RuntimeError as error:
        text = str(error).split("\n")[0]
        way = {"the way out": "run it again: model.run(x, backward=True)"} if "inplace" in text or "second time" in text else {}
        raise LayerError("the backward pass failed", {"because": text, **way}) from error


@contextmanager
def _hooks(
    turns: Sequence[Turn], way: Way, part: Sequence[tuple[Turn, int, Any, Store]], found: dict[tuple[Turn, int], Any]
) -> Any:
    """On their way deltas are changed, then what is to be kept of them is kept."""
    hooks = []
    try:
        for turn in turns:
            change = way.change(turn)
            if change is not None:
                hooks += [x.register_hook(_changed(turn, i, change)) for i, x in turn.reached()]
        for turn, i, x, rule in part:
            hooks.append(x.register_hook(_keep(found, turn, i, rule)))
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _changed(turn: Turn, place: int, change: Change) -> Callable[[Any], Any]:
    def hook(delta: Any) -> Any:
        zeros = [torch.zeros_like(x) if is_tensor(x) else x for x in turn.values]
        made = change(tuple(delta if i == place else x for i, x in enumerate(zeros)))[place]
        if made.shape != delta.shape:
            raise LayerError(
                f"the delta of layer {turn.name!r} has another shape than its output",
                {"expected": list(delta.shape), "found": list(made.shape)},
            )
        return made

    return hook


def _keep(found: dict[tuple[Turn, int], Any], turn: Turn, place: int, rule: Store) -> Callable[[Any], None]:
    def hook(delta: Any) -> None:
        found[turn, place] = rule.of(delta)

    return hook

"""What the layers do while a model learns: at every so many-th step, the size of each output, delta, weight and derivative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from laminae.base import torch
from laminae.base.learned import EpochRecord
from laminae.base.watched import Batch, Fitting, LayerStep, Progress, WeightStep
from laminae.data.order import whole
from laminae.learn.backward import Delta
from laminae.learn.batch_again import batch_again
from laminae.learn.delta_records import norm
from laminae.learn.one_step import one_step
from laminae.plan.policy import NONE, Policy, policy


class LayersWatched:
    """Looks at a step through its batch once more, forward and backward, before the weights move: the numbers are those of the
    step, and what is learned stays the same bit for bit. A step that is looked at costs about two.

    layers: all, a name, a group, a glob, several, or a function of the layer. every: how many moves of the weights apart. store:
    rules for what is kept of the outputs and deltas themselves (`lm.Store("L2", reduce="histogram")`), nothing unless given.
    """

    def __init__(self, layers: Any = "all", every: int = 100, store: Any = None) -> None:
        self.layers, self.every, self.store = layers, whole(every, "every", 1), store
        self.records: list[LayerStep] = []
        self.title = ""
        self._step: Any = None
        self._looked: list[LayerStep] = []
        self._before: dict[str, Any] = {}
        self._keeps: Policy = NONE

    def begin(self, fitting: Fitting) -> None:
        """Raises UnknownNameError for layers that are not there."""
        self._step, self.title = fitting.step, fitting.name
        policy(self.layers, self._step.graph)
        self._keeps = NONE if self.store is None else policy(self.store, self._step.graph)

    def backward(self, batch: Batch) -> None:
        """Take the batch through the model once more, at each `every`-th step, and note what every layer made of it."""
        step = self._step
        self._looked = []
        if step.steps % self.every or (step.batches + 1) % step.accumulate:
            return
        with batch_again(step, batch, backward=True) as record:
            made = one_step(record, step.loss, batch.expected, output=step.place, store=self.layers)
            deltas = [d for d in reversed(made.derivatives.deltas) if d.kept and d.turn.entry.index <= len(record.entries)]
        seen: set[str] = set()
        self._looked = [self._layer(delta, batch.epoch, tuple(self._weights(delta, seen))) for delta in deltas]
        self._before = {name: step.weights[name].detach().clone() for name in seen}

    def _layer(self, delta: Delta, epoch: int, weights: tuple[WeightStep, ...]) -> LayerStep:
        entry = delta.turn.entry
        output, came = _first(entry.values), _first(delta.values)
        rule = next((r for r in self._keeps.rules if r.means(delta.turn.layer, delta.turn.prefix)), None)
        kept = [None if rule is None or x is None else rule.of(x) for x in (output, came)]
        there = (self._step.steps, epoch, entry.index, entry.name, entry.op, entry.path)
        return LayerStep(*there, _norm(output), _norm(came), weights, *kept)

    def _weights(self, delta: Delta, seen: set[str]) -> Iterator[WeightStep]:
        """Those of a layer that learn, each at the first layer that reads it."""
        learns = self._step.weights
        for own in delta.turn.layer.parameters:
            name = delta.turn.prefix + own if delta.turn.prefix + own in learns else own
            if name in seen or name not in learns:
                continue
            seen.add(name)
            weight = learns[name]
            yield WeightStep(name, norm(weight), None if weight.grad is None else norm(weight.grad), 0.0)

    def __call__(self, told: Progress | EpochRecord) -> None:
        if not self._looked or not isinstance(told, Progress):
            return
        moved = {name: norm(self._step.weights[name].detach() - before) for name, before in self._before.items()}
        for one in self._looked:
            weights = tuple(replace(weight, update=moved[weight.name]) for weight in one.weights)
            self.records.append(replace(one, weights=weights))
        self._looked, self._before = [], {}

    def end(self) -> None:
        """What was looked at and not moved by is no step."""
        self._looked, self._before, self._step = [], {}, None


def _norm(value: Any) -> float | None:
    return None if value is None else norm(value)


def _first(values: tuple[Any, ...]) -> Any:
    """The first output with numbers to measure."""
    found = (x for x in values if torch.is_tensor(x) and (x.is_floating_point() or x.is_complex()))
    return next((x.detach() for x in found), None)

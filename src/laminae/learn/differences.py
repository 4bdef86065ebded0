"""Derivatives by differences: one element moved at a time, in float64, only what depends on it run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from laminae.base import torch
from laminae.engines.torch.passes import Run
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.order import downstream
from laminae.plan.changes import NO_CHANGES, Changes
from laminae.plan.policy import NONE

STEP = 3e-5
"""How far an element is moved, beside its size: the cube root of float64's rounding, where both errors of a difference are
small.
"""
BEND = 1e-6
"""The share by which slopes to the left and right, or at two distances, may differ where a function is smooth."""
ROUNDING = 32 * 2.0**-52
TRIES = 4


@dataclass(frozen=True)
class Slope:
    """By differences, of one element. noise: what rounding may add to it. kink: whether none is there to be had."""

    value: float
    noise: float
    kink: bool


class Differences:
    """The loss as a function of one value or parameter of a pass, all else being as it was.

    graph: in float64, the loss its last output. run: a pass through it that stored everything.
    """

    def __init__(self, graph: Graph, engine: Any, run: Run) -> None:
        self.graph, self._engine, self._run = graph, engine, run
        self._stored = {
            value: _plain(run.values[slot])
            for step in run.plan.order
            for value, slot in zip(step.layer.outputs, step.writes, strict=True)
            if value is not None and slot is not None
        }
        self._states = dict(run.states)
        self.loss = float(run.outputs[-1].detach())

    def of_value(self, value: Value) -> Callable[[Any], float]:
        """The loss by what stands in place of a layer's output."""
        layers = frozenset(downstream(self.graph.layers, {value}))
        return lambda tensor: self._loss({**self._stored, value: tensor}, layers, NO_CHANGES)

    def of_parameter(self, parameter: Parameter) -> Callable[[Any], float]:
        """The loss by what stands in place of a weight."""
        readers = [layer for layer in self.graph.layers if parameter in layer.reads or parameter in inside(layer)]
        made = {value for layer in readers for value in layer.outputs if value is not None}
        layers = frozenset(readers) | frozenset(downstream(self.graph.layers, made))
        return lambda tensor: self._loss(self._stored, layers, Changes(parameters={parameter: tensor}))

    def _loss(self, given: dict[Value, Any], layers: frozenset[Layer], changes: Changes) -> float:
        states = {layer: state for layer, state in self._states.items() if layer in layers}
        run = self._engine.partial(given, layers, NONE, self._run.device, changes=changes, states=states)
        return float(run.outputs[-1])

    def slope(self, loss: Callable[[Any], float], at: Any, element: int, size: float) -> Slope:
        """The element is moved less and less until two differences agree: then no kink lies between.

        size: of the derivatives beside it, by which rounding is judged.
        """
        here = float(at.reshape(-1)[element])
        step = STEP * max(abs(here), float(at.square().mean().sqrt()), 1e-8 if bool(at.any()) else 1.0)
        for _ in range(TRIES):
            found = self._slope(loss, at, element, here, step, size)
            if not found.kink or found.noise > BEND * size:
                return found
            step /= 16
        return found

    def _slope(self, loss: Callable[[Any], float], at: Any, element: int, here: float, step: float, size: float) -> Slope:
        noise = ROUNDING * max(abs(self.loss), 1e-300) / step
        far, near = self._sides(loss, at, element, here, step), self._sides(loss, at, element, here, step / 2)
        centre, closer = (far[0] + far[1]) / 2, (near[0] + near[1]) / 2
        allowed = BEND * max(abs(centre), abs(closer), size) + 4 * noise
        bend, closer_bend = abs(far[1] - far[0]), abs(near[1] - near[0])
        kink = abs(centre - closer) > allowed or (bend > allowed and closer_bend > 0.75 * bend)
        return Slope(closer, noise, kink)

    def _sides(self, loss: Callable[[Any], float], at: Any, element: int, here: float, step: float) -> tuple[float, float]:
        """The slopes to the left and to the right."""
        up, down = (self._moved(loss, at, element, here + sign * step) for sign in (1, -1))
        return (self.loss - down) / step, (up - self.loss) / step

    def _moved(self, loss: Callable[[Any], float], at: Any, element: int, to: float) -> float:
        moved = at.contiguous().clone()
        moved.view(-1)[element] = to
        return loss(moved)


def inside(layer: Layer) -> set[Any]:
    """What the layers in its bodies read."""
    return {x for body in layer.bodies.values() for _, graph in body.graphs() for inner in graph.layers for x in inner.reads}


def _plain(value: Any) -> Any:
    return value.detach() if torch.is_tensor(value) else value

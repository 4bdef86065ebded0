"""One layer of b alone, each input being what a's layer reads in the same place: whether what stands between is to blame."""

from __future__ import annotations

from typing import Any

from laminae.base.arrays import as_value
from laminae.base.differences import Difference
from laminae.base.errors import LaminaeError
from laminae.compare.matching import Pair
from laminae.compare.numbers import difference, noise
from laminae.compare.own import Replay, spared
from laminae.compare.sides import Side, runner
from laminae.graph import Value
from laminae.plan.changes import NO_CHANGES, Changes
from laminae.plan.policy import NONE
from laminae.trace.patching import changes_of


def alone(replay: Replay, pair: Pair) -> Difference | None:
    """The layer of b alone, each input being what a's layer reads in the same place; None where that cannot be.

    Where it is right then, what stands between matched layers makes the difference.
    """
    inputs = _in_the_same_places(replay.a, replay.b, pair)
    layer, session = pair.b.layer, replay.b.session
    if inputs is None or layer is None or session is None:
        return None
    record = replay.b.record
    engine, device = runner(replay.b)
    found: list[tuple[Any, ...]] = []

    def keep(values: tuple[Any, ...]) -> tuple[Any, ...]:
        found.append(values)
        return values

    before = NO_CHANGES if record is None or not record.patches else changes_of(session.graph, record.patches)
    try:
        engine.partial(
            inputs,
            frozenset([layer]),
            NONE,
            device,
            changes=Changes({layer: keep}, before.inside, {**spared(session.graph), **before.parameters}),
        )
        return _worst(replay, pair, found[0])
    except (LaminaeError, IndexError):
        return None


def _worst(replay: Replay, pair: Pair, values: tuple[Any, ...]) -> Difference | None:
    pairs = [(values[j], pair.a.values[i]) for i, j in pair.outputs if pair.a.values[i] is not None]
    made = [difference(found, expected, replay.rtol, replay.atol) for found, expected in pairs]
    return max(made, key=lambda one: (not one.correct, noise(one)), default=None)


def _in_the_same_places(a: Side, b: Side, pair: Pair) -> dict[Value, Any] | None:
    """b's layer's values ← what a's layer reads there. Parameters of b's stay its own."""
    layer = pair.b.layer
    if layer is None or layer.bodies or pair.a.kind != pair.b.kind:
        return None
    given: dict[Value, Any] = {}
    for i, x in enumerate(layer.inputs):
        if not isinstance(x, Value):
            continue
        name = pair.a.inputs[i] if i < len(pair.a.inputs) else ""
        if name in a.made_by:
            value = a.value(name)
        elif name in a.parameters:
            value = as_value(a.parameters[name].array)
        else:
            value = None
        if value is None:
            return None
        given[x] = value
    return given

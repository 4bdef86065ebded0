"""A model with the layers of a loss after one of its outputs: another graph, over the same parameters."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from laminae.base.arrays import is_tensor
from laminae.base.dtypes import dtype_name
from laminae.base.errors import DTypeError, UnknownNameError, UsageError
from laminae.engines.torch import TorchEngine
from laminae.graph import Graph, Layer, Value
from laminae.graph.flat import flatten, restore
from laminae.graph.graph import unique_name
from laminae.learn.losses.loss import Loss, Site

EXPECTED = "expected"


@dataclass(frozen=True, eq=False)
class Derived:
    """graph: the model's layers again, an input layer for each part of the expectation, the layers of the loss in group `loss`.

    Its outputs are the model's, then the loss. values: of the model → the same one here. output: which of the outputs it is of.
    """

    graph: Graph
    values: dict[Value, Value]
    output: int
    expected: tuple[Value, ...]
    added: tuple[Layer, ...]

    @cached_property
    def engine(self) -> TorchEngine:
        return TorchEngine(self.graph)


@dataclass
class _Known:
    """What was derived of one state of a graph."""

    revision: int = -1
    made: dict[Any, Derived] = field(default_factory=dict)


_known: weakref.WeakKeyDictionary[Graph, _Known] = weakref.WeakKeyDictionary()


def derived(graph: Graph, loss: Loss, place: int, output: Any, expected: tuple[Any, ...]) -> Derived:
    """The model with a loss of its output number `place`; the same one until the graph changes.

    output, expected: tensors as they will be; only rank and dtype count.
    """
    facts = tuple((dtype_name(part), part.ndim) for part in expected)
    key = (loss, place, output.ndim, dtype_name(output), facts)
    known = _known.setdefault(graph, _Known())
    if known.revision != graph.revision:
        known.revision, known.made = graph.revision, {}
    if key not in known.made:
        known.made[key] = _derive(graph, loss, place, Site(Graph(), output.ndim, dtype_name(output), facts))
    return known.made[key]


def _derive(graph: Graph, loss: Loss, place: int, about: Site) -> Derived:
    again = restore(flatten(graph))
    pairs = zip(graph.layers, again.layers, strict=True)
    values = {
        a: b for one, other in pairs for a, b in zip(one.outputs, other.outputs, strict=True) if a is not None and b is not None
    }
    count = len(again.layers)
    site = Site(again, about.rank, about.dtype, about.expected)
    taken = {layer.name for layer in again.layers} | {value.name for value in again.values()}
    parts = []
    for name in loss.parts:
        taken.add(name := unique_name(name, taken))
        parts.append(again.add_input(name))
    output = again.outputs[place]
    assert isinstance(output, Value)
    made = loss.place(site, output, tuple(parts))
    again.outputs = (*again.outputs, made)
    again.changed()
    return Derived(again, values, place, tuple(parts), tuple(again.layers[count:]))


def place_of(graph: Graph, output: str | int | None) -> int:
    """Which output a loss is of: a name, a number, or nothing where there is only one that can be.

    Raises UsageError where there are several and none was named, UnknownNameError for one that is not there.
    """
    names = [out.name for out in graph.outputs]
    if output is None:
        if len(names) != 1:
            raise UsageError(
                f"the model has {len(names)} outputs: which one is held against the expectation?",
                {"say": "output=…, a name or a number", "there are": ", ".join(map(repr, names))},
            )
        output = 0
    if isinstance(output, str):
        if output not in names:
            raise UnknownNameError(f"there is no output {output!r}", {"there are": ", ".join(map(repr, names))})
        output = names.index(output)
    if isinstance(output, bool) or not isinstance(output, int) or not -len(names) <= output < len(names):
        raise UsageError(f"there is no output {output!r}", {"there are": ", ".join(map(repr, names))})
    place = output % len(names)
    if not isinstance(graph.outputs[place], Value):
        raise UsageError(f"output {names[place]!r} is a parameter: nothing is learned from it")
    return place


def require_learnable(output: Any, name: str) -> Any:
    """The output itself. Raises DTypeError where no derivative goes through it."""
    if not is_tensor(output) or not output.is_floating_point():
        found = dtype_name(output) if hasattr(output, "dtype") else type(output).__name__
        raise DTypeError(f"output {name!r} has no derivative", {"expected": "a tensor of floats", "found": found})
    return output

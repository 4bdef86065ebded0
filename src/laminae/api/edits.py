"""Edits of a model by a builder's layers: placed, checked, refused whole or done whole."""

from __future__ import annotations

from typing import Any

from laminae.base.errors import EditError, ShapeError
from laminae.graph import Graph, Layer, Value
from laminae.graph import edit as change
from laminae.graph.edit import transaction
from laminae.graph.lint import require_sound
from laminae.graph.select import one
from laminae.layers import build
from laminae.plan.check import fitting_problems
from laminae.plan.shapes import spec_of, walk


def insert(graph: Graph, layer: Any, after: str | None, before: str | None, name: str | None, seed: int) -> Layer:
    """The new layer's last operator, which bears the output."""
    if (after is None) == (before is None):
        raise EditError("insert needs one place", {"write": "insert(layer, after='name') or insert(layer, before='name')"})
    anchor = one(graph, after or before or "")
    with Checked(graph):
        (value,) = _known(graph, (_output(anchor) if after else _reads(anchor)[0],))
        at = graph.index.position[anchor] + (1 if after else 0)
        layers, parameters, values = build.place(graph, layer, (value,), at, name=name, seed=seed)
        change.put_in(graph, at, layers, parameters)
        if after:
            change.reroute(graph, value, values[0], but=layers)
        else:
            anchor.inputs = tuple(values[0] if x is value else x for x in anchor.inputs)
        change.settle(graph, {values[0]})
    return layers[-1]


def replace(graph: Graph, old: str, layer: Any, name: str | None, seed: int) -> Layer:
    """The new layer's last operator."""
    gone = one(graph, old)
    if gone.is_input:
        raise EditError(f"layer {old!r} is an input layer and cannot be replaced", {"instead": "build a model on another Input"})
    with Checked(graph):
        at, values = graph.index.position[gone], _known(graph, _reads(gone))
        own = name or getattr(layer, "name", None) or gone.name
        layers, parameters, made = build.place(graph, layer, values, at, name=own, seed=seed, instead_of=[gone])
        for parameter in gone.parameters.values():
            if graph.readers(parameter) == (gone,):
                graph.parameters.pop(parameter.name, None)
        change.put_in(graph, at, layers, parameters)
        for before, after in zip([v for v in gone.outputs if v is not None], made, strict=False):
            change.reroute(graph, before, after)
        change.take_out(graph, gone, None)
        change.settle(graph, set(made))
    return layers[-1]


def remove(graph: Graph, name: str) -> None:
    """Take a layer out; its readers read its first input."""
    gone = one(graph, name)
    with Checked(graph):
        if gone.is_input and graph.readers(_output(gone)):
            raise EditError(
                f"input layer {name!r} is read and cannot be removed", {"readers": _names(graph.readers(_output(gone)))}
            )
        stand_in = _stand_in(graph, gone)
        change.take_out(graph, gone, stand_in)
        change.settle(graph, {stand_in} if stand_in is not None else set())


def _stand_in(graph: Graph, gone: Layer) -> Value | None:
    """What the readers of a layer will read in its place: the first value it reads, which must be of the same dtype."""
    read = next((x for x in gone.reads if isinstance(x, Value)), None)
    made = _output(gone)
    if read is None or not (graph.readers(made) or made in graph.outputs):
        return read
    found = walk(graph)
    before, after = spec_of(made, found).dtype, spec_of(read, found).dtype
    if before and after and before != after:
        raise EditError(
            f"layer {gone.name!r} cannot be removed: its readers cannot read what it read",
            {"they read": f"{made.name!r}, {before}", "it read": f"{read.name!r}, {after}"},
        )
    return read


def rename(graph: Graph, old: str, new: str) -> None:
    layer = one(graph, old)
    with Checked(graph):
        change.rename(graph, layer, new)


class Checked:
    """A transaction whose end must be sound, with shapes that fit wherever they fitted before."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.transaction = transaction(graph)

    def __enter__(self) -> None:
        self.before = {(p.layer, p.text) for p in fitting_problems(self.graph)}
        self.transaction.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        if error is None:
            try:
                self.check()
            except BaseException as refused:
                self.transaction.__exit__(type(refused), refused, refused.__traceback__)
                raise
        return self.transaction.__exit__(kind, error, trace)

    def check(self) -> None:
        require_sound(self.graph)
        new = [p for p in fitting_problems(self.graph) if (p.layer, p.text) not in self.before]
        if new:
            raise ShapeError(
                f"the edit was refused: layer {new[0].layer!r} could not take its input after it",
                {"because": new[0].text, "the model": "is as it was"},
            )


def _known(graph: Graph, values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The same values, with what the operators' rules say of them written on them: a new layer takes its sizes from there."""
    found = walk(graph)
    for value in values:
        spec = spec_of(value, found)
        value.dtype, value.shape = spec.dtype, spec.dims
    return values


def _output(layer: Layer) -> Value:
    values = [v for v in layer.outputs if v is not None]
    if not values:
        raise EditError(f"layer {layer.name!r} makes no value")
    return values[0]


def _reads(layer: Layer) -> tuple[Value, ...]:
    values = tuple(x for x in layer.inputs if isinstance(x, Value))
    if not values:
        raise EditError(f"layer {layer.name!r} reads no other layer", {"operator": layer.describe()})
    return values


def _names(layers: Any) -> str:
    return ", ".join(repr(layer.name) for layer in layers)

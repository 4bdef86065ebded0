"""Edits of a model by a builder's layers: placed, checked, refused whole or done whole."""

from __future__ import annotations

from typing import Any

from laminae.base.arrays import is_tensor
from laminae.base.errors import EditError, ShapeError
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph import edit as change
from laminae.graph.edit import transaction
from laminae.graph.lint import require_sound
from laminae.graph.select import one, together
from laminae.layers import build
from laminae.plan.check import fitting_problems
from laminae.plan.shapes import spec_of, walk


def insert(graph: Graph, layer: Any, after: str | None, before: str | None, name: str | None, seed: int) -> Layer:
    """The new layer's last operator, which bears the output."""
    if (after is None) == (before is None):
        raise EditError("insert needs one place", {"write": "insert(layer, after='name') or insert(layer, before='name')"})
    anchors = together(graph, after or before or "")
    with Checked(graph):
        anchor = anchors[-1] if after else anchors[0]
        (value,) = _known(graph, (_output(anchor) if after else _reads(anchors)[0],))
        at = graph.index.position[anchor] + (1 if after else 0)
        layers, parameters, values = build.place(graph, layer, (value,), at, name=name, seed=seed)
        _put_in(graph, at, layers, parameters)
        if after:
            change.reroute(graph, value, values[0], but=layers)
        else:
            for reader in anchors:
                reader.inputs = tuple(values[0] if x is value else x for x in reader.inputs)
        change.settle(graph, {values[0]})
    return layers[-1]


def replace(graph: Graph, old: str, layer: Any, name: str | None, seed: int) -> Layer:
    """The new layer's last operator."""
    gone = together(graph, old)
    if any(x.is_input for x in gone):
        raise EditError(f"layer {old!r} is an input layer and cannot be replaced", {"instead": "build a model on another Input"})
    with Checked(graph):
        at, values, made = graph.index.position[gone[-1]] + 1, _known(graph, _reads(gone)), _given(graph, gone)
        own = name or getattr(layer, "name", None) or old.strip("/")
        layers, parameters, new = build.place(graph, layer, values, at, name=own, seed=seed, instead_of=gone)
        if len(made) > len(new):
            text = f"{old!r} gives {len(made)} values that others read, the new layer {len(new)}"
            raise EditError(text, {"read": _names(made)})
        _drop_parameters(graph, gone)
        _put_in(graph, at, layers, parameters)
        for before, after in zip(made, new, strict=False):
            change.reroute(graph, before, after)
        for x in reversed(gone):
            change.take_out(graph, x, None)
        change.settle(graph, set(new))
    return layers[-1]


def remove(graph: Graph, name: str) -> None:
    """Take a layer or group out; its readers read its first input."""
    gone = together(graph, name)
    with Checked(graph):
        if gone[0].is_input and graph.readers(_output(gone[0])):
            readers = _names(graph.readers(_output(gone[0])))
            raise EditError(f"input layer {name!r} is read and cannot be removed", {"readers": readers})
        stand_in, made = _stand_in(graph, gone), _given(graph, gone)
        if made and stand_in is None:
            raise EditError(
                f"{name!r} cannot be removed: it is read and reads nothing", {"readers": _names(graph.readers(made[0]))}
            )
        if made and stand_in is not None:
            change.reroute(graph, made[0], stand_in)
        for x in reversed(gone):
            change.take_out(graph, x, None)
        change.settle(graph, {stand_in} if stand_in is not None else set())


def _given(graph: Graph, layers: list[Layer]) -> list[Value]:
    """The values of these layers that others read or the model gives, in order."""
    inside = set(layers)
    values = [v for x in layers for v in x.outputs if v is not None]
    return [v for v in values if v in graph.outputs or any(r not in inside for r in graph.readers(v))]


def _stand_in(graph: Graph, gone: list[Layer]) -> Value | None:
    """What the readers of a layer will read in its place: the first value it reads, which must be of the same dtype."""
    inside = {v for x in gone for v in x.outputs}
    read = next((v for x in gone for v in x.reads if isinstance(v, Value) and v not in inside), None)
    made = _given(graph, gone)
    if read is None or not made:
        return read
    found = walk(graph)
    before, after = spec_of(made[0], found).dtype, spec_of(read, found).dtype
    if before and after and before != after:
        raise EditError(
            f"layer {gone[-1].name!r} cannot be removed: its readers cannot read what it read",
            {"they read": f"{made[0].name!r}, {before}", "it read": f"{read.name!r}, {after}"},
        )
    return read


def _put_in(graph: Graph, at: int, layers: list[Layer], parameters: list[Parameter]) -> None:
    """New layers, their parameters brought to where the model's are."""
    there = next((p.array.device for p in graph.parameters.values() if is_tensor(p.array)), None)
    change.put_in(graph, at, layers, parameters)
    for parameter in parameters:
        if there is not None and there.type != "cpu":
            parameter.array = parameter.tensor().to(there)


def _drop_parameters(graph: Graph, gone: list[Layer]) -> None:
    """Forget the parameters that only these layers read, so that the new ones may bear their names."""
    for parameter in {p for x in gone for p in x.parameters.values()}:
        if set(graph.readers(parameter)) <= set(gone) and parameter not in graph.outputs:
            graph.parameters.pop(parameter.name, None)


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


def _reads(layers: list[Layer]) -> tuple[Value, ...]:
    """The values that these layers read of others, each once."""
    inside = {v for x in layers for v in x.outputs}
    values = dict.fromkeys(x for layer in layers for x in layer.inputs if isinstance(x, Value) and x not in inside)
    if not values:
        raise EditError(f"layer {layers[0].name!r} reads no other layer", {"operator": layers[0].describe()})
    return tuple(values)


def _names(layers: Any) -> str:
    return ", ".join(repr(layer.name) for layer in layers)

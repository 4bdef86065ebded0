"""Parameters that several layers read: really one, or stored once because they were equal.

Exporters store equal content once. Two weights that were drawn or learned apart never have the same bits; two that are filled
with one number (biases of 0, scales of 1) do. So what is filled with one number comes apart, one for each layer that reads it,
unless

- the layers stand in one module: its second call reads its own weights again; or
- they read another weight together that is no filling: then they are one module's, whatever it is called.

Everything else stays one: an embedding that is the head as well, a block that is gone through twice. Running statistics are each
layer's own under the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.graph import unique_name
from laminae.graph.layer import WRITES
from laminae.graph.select import matches
from laminae.learn.opened.folded import folded_from
from laminae.learn.opened.places import CARRIERS, LINEAR

Tied = bool | str | Sequence[str] | None
"""None: by the rule; True: as the file has it; False: nothing shared; names or globs: these stay one, all else comes apart."""

LEAVES = {
    "BatchNormalization": ("", "weight", "bias", "running_mean", "running_var"),
    "GroupNormalization": ("", "weight", "bias"), "InstanceNormalization": ("", "weight", "bias"),
    "LayerNormalization": ("", "weight", "bias"), "RMSNormalization": ("", "weight"),
    "Conv": ("", "weight", "bias"), "ConvTranspose": ("", "weight", "bias"), "Gemm": ("", "weight", "bias"),
    "MatMul": ("weight", "weight"), "Gather": ("weight",), "PRelu": ("", "weight"),
    "LSTM": ("", "W", "R", "B", "", "", "", "P"), "GRU": ("", "W", "R", "B"), "RNN": ("", "W", "R", "B"),
    "Add": ("bias", "bias"), "Mul": ("weight", "weight"),
}  # fmt: skip
"""What a layer's parameter is called where it has no name of its own, by input."""


@dataclass(frozen=True)
class Apart:
    """A parameter that several layers read, and the names of those that came of it, its own first."""

    name: str
    names: tuple[str, ...]


Place = tuple[Graph, Layer, int]


def separate(graph: Graph, boxes: Sequence[Parameter], tied: Tied, names: Mapping[tuple[Layer, int], str]) -> list[Apart]:
    """Give each layer its own, of those that are to come apart. The graph is changed; the first reader keeps the old one.

    names: what is known of how a layer's own is called, by the input that it is.
    """
    if tied is True:
        return []
    places = _places(graph)
    found = []
    for box in boxes:
        groups = _groups(box, places.get(box, []), places, tied)
        if len(groups) > 1:
            own = [_own(graph, box, group, names.get(group[0][1:], "")) for group in groups[1:]]
            found.append(Apart(box.name, (box.name, *own)))
    if found:
        for _, inner in graph.graphs():
            inner.changed()
    return found


def _places(graph: Graph) -> dict[Parameter, list[Place]]:
    found: dict[Parameter, list[Place]] = {}
    for _, inner in graph.graphs():
        for layer in inner.layers:
            for place, item in enumerate(layer.inputs):
                if isinstance(item, Parameter) and WRITES not in layer.metadata:
                    found.setdefault(item, []).append((inner, layer, place))
    return found


def _groups(box: Parameter, read: list[Place], places: dict[Parameter, list[Place]], tied: Tied) -> list[list[Place]]:
    """Where it is read, those places together that go on sharing it."""
    if len(read) < 2 or (isinstance(tied, (str, Sequence)) and _named(box, tied)):
        return [read]
    by_rule = tied is None
    if by_rule and not is_filling(box):
        return [read]
    groups: list[list[Place]] = []
    for place in read:
        same = next((g for g in groups if by_rule and _is_one(box, g[0], place, places)), None)
        if same is None:
            groups.append([place])
        else:
            same.append(place)
    return groups


def _named(box: Parameter, globs: str | Sequence[str]) -> bool:
    every = (globs,) if isinstance(globs, str) else globs
    return any(matches(glob, name=box.name, path=box.name.replace(".", "/"), operator="") for glob in every)


def is_filling(box: Parameter) -> bool:
    """Whether all its elements are one number."""
    array = np.asarray(as_numpy(box.array)).reshape(-1)
    return bool(array.size and (array == array[0]).all())


def _is_one(box: Parameter, a: Place, b: Place, places: dict[Parameter, list[Place]]) -> bool:
    """Whether two readers are one module's: in one place of one module, or beside another weight that they share."""
    if a[2] != b[2] or a[1].operator != b[1].operator:
        return False
    if a[1].group and a[1].group == b[1].group and _stem(a[1].leaf) == _stem(b[1].leaf):
        return True
    beside = _beside(a[1]) & _beside(b[1])
    return any(other is not box and not is_filling(other) for other in beside)


def _stem(leaf: str) -> str:
    """A layer's name without the number of its call."""
    return leaf.split("#")[0].rstrip("0123456789").rstrip("_")


def _beside(layer: Layer) -> set[Parameter]:
    """The parameters that a layer reads, and those of the product that a bias is added to."""
    found = {x for x in layer.inputs if isinstance(x, Parameter)}
    for x in layer.inputs:
        made = x.producer if isinstance(x, Value) else None
        if made is not None and layer.operator == "Add" and made.operator in LINEAR | CARRIERS:
            found |= {y for y in made.inputs if isinstance(y, Parameter)}
    return found


def _own(graph: Graph, box: Parameter, group: list[Place], name: str) -> str:
    """A parameter of its own for a group of readers; its name."""
    holder = next(inner for _, inner in graph.graphs() if inner.parameters.get(box.name) is box)
    _, layer, place = group[0]
    taken = {
        *(name for _, g in graph.graphs() for name in g.parameters),
        *(v.name for _, g in graph.graphs() for v in g.values()),
    }
    made = box.copy()
    made.name = unique_name(name or _name(layer, place), taken)
    holder.add_parameter(made)
    for _, reader, at in group:
        reader.inputs = tuple(made if i == at else x for i, x in enumerate(reader.inputs))
    return made.name


def _name(layer: Layer, place: int) -> str:
    """As the module would have called it: `layer.1.norm2.bias`; by a weight beside it, by its module, else by the layer."""
    leaves = LEAVES.get(layer.operator, ())
    leaf = leaves[place] if place < len(leaves) and leaves[place] else f"input{place}"
    if leaf == "bias" and layer.operator in LINEAR | {"Add"}:
        for box in sorted(_beside(layer), key=lambda box: box.name):
            for name in (box.name, *folded_from(box)):
                if name.endswith("weight"):
                    return name.removesuffix("weight") + leaf
    return f"{layer.group.replace('/', '.') if layer.group else layer.name}.{leaf}"

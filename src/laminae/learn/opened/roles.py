"""Which floats of a file that others wrote are weights, and why the others are not.

What PyTorch's exporter calls a parameter learns, what it calls a buffer does not. Any other number is judged by who reads it,
through Transpose, Reshape, Cast and the like:

1. What a convolution, a product of matrices, a recurrent layer, a normalisation or a table of embeddings reads as its weight or
   bias learns, and so do a factor or a summand of several elements elsewhere.
2. A single number in a formula does not (½, √2, an epsilon: of no axes, or a factor of one element), nor do a bound, a ratio, a
   scale of quantisation, a first state.
3. Neither does what brings the input to scale before the first weight, the mean and deviation of the data: what is taken from it
   or divides it, and the factors and summands after that; or a factor or summand for each channel.
4. Neither do a mask (0, and −∞ or nearly), the frequencies of sines and cosines, and statistics counted over batches.

What is marked (`laminae.role` in the metadata) is what it is marked as.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.dtypes import is_float
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.parameter import ROLE
from laminae.learn.opened.places import ALL_SETTINGS, ARITHMETIC, CARRIERS, LINEAR, SETTINGS, WEIGHTS

LEARNS = ""
SINGLE = "a single number"
STATISTIC = "a statistic of batches"
"""Why not."""

MASKED = 1e4
"""A value of a mask is at least as far below 0."""

KIND = "pkg.torch.export.graph_signature.InputSpec.kind"
"""Metadata in which PyTorch's exporter says what a tensor was to the module."""

Item = Value | Parameter

_known: weakref.WeakKeyDictionary[Graph, tuple[int, dict[Parameter, str]]] = weakref.WeakKeyDictionary()


def is_foreign(graph: Graph) -> bool:
    """Whether it was read from a file that others wrote."""
    return "ir_version" in graph.notes and graph.notes.get("producer_name") != "laminae"


def constants(graph: Graph) -> dict[Parameter, str]:
    """The float parameters of a foreign file that do not learn, and why, bodies included; none of another model's."""
    if not is_foreign(graph):
        return {}
    revision = sum(inner.revision for _, inner in graph.graphs())
    if graph not in _known or _known[graph][0] != revision:
        roles = Roles(graph)
        boxes = [p for _, inner in graph.graphs() for p in inner.parameters.values() if is_float(p.dtype)]
        found = {p: why for p in boxes if ROLE not in p.metadata and (why := roles.why_not(p))}
        _known[graph] = revision, found
    return _known[graph][1]


class Roles:
    """Who reads what in a graph, its bodies included, and what that makes of it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.reads: dict[Item, list[tuple[Layer, int]]] = {}
        for _, inner in graph.graphs():
            for layer in inner.layers:
                for place, item in enumerate(layer.inputs):
                    if item is not None:
                        self.reads.setdefault(item, []).append((layer, place))

    def why_not(self, item: Parameter) -> str:
        """Why it does not learn; "" where it does: where any of its readers reads it as a weight."""
        uses = list(self._uses(item))
        if not uses:
            return "no layer reads it"
        kind = item.metadata.get(KIND)
        if kind == "PARAMETER":
            return LEARNS
        if kind in ("BUFFER", "CONSTANT_TENSOR"):
            return "a buffer of the module"
        if not item.shape:
            return SINGLE
        whys = [self._by(layer, place, item, through) for layer, place, through in uses]
        if LEARNS in whys:
            return "frequencies of sines" if self._turns(item) else _mask(item, uses)
        return whys[0]

    def is_of_product(self, item: Parameter) -> bool:
        """Whether a convolution, a product of matrices or the like reads it as its weight."""
        return any(layer.operator in LINEAR and not layer.domain for layer, _, _ in self._uses(item))

    def _uses(self, item: Item, seen: frozenset[Item] = frozenset()) -> Iterator[tuple[Layer, int, Item]]:
        """The layers that do something with it, the input that it is there, and what it has become on the way."""
        for layer, place in self.reads.get(item, ()):
            if layer.operator not in CARRIERS or layer.domain or (place and layer.operator != "Concat"):
                yield layer, place, item
                continue
            for value in layer.outputs:
                if value is not None and value not in seen:
                    yield from self._uses(value, seen | {value})

    def _by(self, layer: Layer, place: int, item: Parameter, through: Item) -> str:
        """Why it does not learn as what this layer reads."""
        name = layer.operator
        if layer.domain or layer.function is not None or layer.bodies:
            return LEARNS if item.size > 1 else SINGLE
        if place in WEIGHTS.get(name, ()):
            return LEARNS
        if name == "BatchNormalization":
            return STATISTIC
        if name in ALL_SETTINGS or place in SETTINGS.get(name, ()) or name in CARRIERS:
            return f"sets how {name} works"
        other = next((x for i, x in enumerate(layer.inputs) if i != place and x is not None), None)
        if name in ARITHMETIC and isinstance(other, Value) and self._scales(layer, item, other):
            return "scales the input"
        if item.size > 1:
            return LEARNS
        return LEARNS if item.shape and name == "Add" and _made_by(other) in LINEAR else SINGLE

    def _scales(self, layer: Layer, item: Parameter, other: Value) -> bool:
        """Whether it brings an input of the model to scale: it is taken from it or divides it, or does the rest after that; or
        it is a factor or a summand for each channel.
        """
        before = self._before(other)
        if before is None:
            return False
        by_channel = len(item.shape) > 2 and item.shape[-1] == 1
        return bool({layer.operator, *before} & {"Sub", "Div"}) or by_channel

    def _before(self, value: Value) -> list[str] | None:
        """The arithmetic between an input of the model and a value; None where it comes of anything more than that."""
        found: list[str] = []
        while (layer := value.producer) is not None and not layer.is_input and len(found) < 8:
            read = [x for x in layer.inputs if isinstance(x, Value)]
            read = read[:1] if layer.operator in CARRIERS else read
            if layer.domain or layer.operator not in CARRIERS | ARITHMETIC or len(read) != 1:
                return None
            found += [layer.operator] if layer.operator in ARITHMETIC else []
            value = read[0]
        return found if layer is not None and layer.is_input and layer in self.graph.index.position else None

    def _turns(self, item: Item) -> bool:
        """Whether what a product makes of it goes into sines and cosines, and nothing else."""
        found: set[str] = set()
        waiting: list[Item] = [item]
        while waiting and len(found) < 3:
            current = waiting.pop()
            for layer, _ in self.reads.get(current, ()):
                if layer.operator in CARRIERS | {"MatMul", "Mul", "Einsum"} and len(waiting) < 64:
                    waiting += [value for value in layer.outputs if value is not None]
                else:
                    found.add(layer.operator)
        return found == {"Sin", "Cos"}


def _made_by(item: Item | None) -> str:
    """The operator that made it, looked for through what only changes its form."""
    layer = item.producer if isinstance(item, Value) else None
    while layer is not None and not layer.domain and layer.operator in CARRIERS:
        first = layer.inputs[0]
        layer = first.producer if isinstance(first, Value) else None
    return "" if layer is None else layer.operator


def _mask(item: Parameter, uses: list[tuple[Layer, int, Item]]) -> str:
    """Why a summand is a mask: it is 0, or far below. "" where it is none."""
    if not all(layer.operator in ("Add", "Sum", "Where") and not layer.domain for layer, _, _ in uses):
        return LEARNS
    array = np.asarray(as_numpy(item.array))
    lowest = float(array.min()) if array.size else 0.0
    if not lowest <= -MASKED:
        return LEARNS
    return "a mask" if bool(((array == 0) | (array <= -MASKED)).all()) else LEARNS

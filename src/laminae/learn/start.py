"""Weights drawn anew, as torch's layers begin; told by the operators that read them.

| read by | begins |
|---|---|
| Conv, ConvTranspose, Gemm, MatMul, Einsum: the weight | uniform within ±1/√fan_in (torch's `kaiming_uniform_` with a = √5) |
| their bias, an Add after them included | uniform within ±1/√fan_in of that weight |
| LSTM, GRU, RNN | uniform within ±1/√hidden |
| Gather: a table of embeddings | normal, mean 0, deviation 1 |
| a normalisation, and BatchNormalization's statistics | scale and variance 1, bias and mean 0 |
| PRelu | 0.25 |
| Add and Sub, Mul and Div elsewhere | 0, 1 |
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from laminae.base.dtypes import numpy_dtype
from laminae.base.errors import UsageError
from laminae.base.shapes import Shape
from laminae.files.weights import weights_of
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.layers.init import Init, draw, within
from laminae.learn.learnable import learnable, meant, statistics
from laminae.learn.opened.places import CARRIERS, LINEAR
from laminae.plan.shapes import spec_of, walk

NORMALIZING = (
    "BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization", "RMSNormalization",
    "SimplifiedLayerNormalization",
)  # fmt: skip
RECURRENT = ("GRU", "LSTM", "RNN")


def reset(graph: Graph, seed: int = 0, which: Sequence[str] | str = ()) -> tuple[str, ...]:
    """Draw the weights of a graph anew, in place: all that learn, or those that names or globs mean.

    The same seed gives the same bits. Returns the names of weights that stay as they are: nobody knows how they begin.
    """
    boxes = {**weights_of(graph)}
    counted = statistics(graph)
    wanted = {**learnable(graph), **{name: p for name, p in boxes.items() if p in counted}}
    if which:
        chosen = meant(graph, boxes, which)
        wanted = {name: p for name, p in wanted.items() if p in chosen}
    if not wanted:
        raise UsageError(f"model {graph.name!r} has no weight to draw anew", {"parameters": len(boxes)})
    starts, rng, left = Starts(graph), np.random.default_rng(seed), []
    for name, box in wanted.items():
        start = starts.of(box)
        if start is None:
            left.append(name)
            continue
        box.assign(np.asarray(draw(start, box.shape, rng)).astype(numpy_dtype(box.dtype)))
    return tuple(left)


class Starts:
    """How each parameter of a graph begins, by who reads it and in which shape."""

    def __init__(self, graph: Graph) -> None:
        self.walked = walk(graph)
        self.reads: dict[Value | Parameter, list[tuple[Layer, int]]] = {}
        for _, inner in graph.graphs():
            for layer in inner.layers:
                for place, item in enumerate(layer.inputs):
                    if item is not None:
                        self.reads.setdefault(item, []).append((layer, place))

    def of(self, box: Parameter) -> Init | None:
        """By the first reader that tells."""
        return next(
            (start for layer, place, item in self._uses(box) if (start := self._by(layer, place, item)) is not None), None
        )

    def _uses(self, item: Value | Parameter) -> Iterator[tuple[Layer, int, Value | Parameter]]:
        for layer, place in self.reads.get(item, ()):
            if layer.operator in CARRIERS and not layer.domain and not place and layer.outputs[0] is not None:
                yield from self._uses(layer.outputs[0])
            else:
                yield layer, place, item

    def _by(self, layer: Layer, place: int, item: Value | Parameter) -> Init | None:
        name = layer.operator
        if layer.domain:
            return None
        if name in NORMALIZING:
            return "ones" if place in (1, 4) else "zeros"
        if name in RECURRENT:
            hidden = layer.attributes.get("hidden_size") or (self._sizes(layer.inputs[2]) or (1,))[-1]
            return within(1 / math.sqrt(max(1, int(hidden))))
        if name in LINEAR:
            return self._bound(layer)
        if name == "Gather" and place == 0:
            return "normal"
        if name == "PRelu" and place == 1:
            return lambda shape, rng: np.full(shape, 0.25)
        if name == "Add":
            before = self._linear_before(layer, place)
            return "zeros" if before is None else self._bound(before)
        return {"Sub": "zeros", "Mul": "ones", "Div": "ones"}.get(name)

    def _linear_before(self, layer: Layer, place: int) -> Layer | None:
        """The layer whose output a bias is added to, where it has a weight."""
        other = next((x for i, x in enumerate(layer.inputs) if i != place and isinstance(x, Value)), None)
        made = None if other is None else other.producer
        while made is not None and not made.domain and made.operator in CARRIERS:
            first = made.inputs[0]
            made = first.producer if isinstance(first, Value) else None
        return made if made is not None and not made.domain and made.operator in LINEAR and self._weight(made) else None

    def _bound(self, layer: Layer) -> Init | None:
        """Uniform within ±1/√fan_in of a layer's weight."""
        found = self._weight(layer)
        if found is None:
            return None
        place, sizes = found
        fan = sizes[-1]
        if layer.operator in ("Conv", "ConvTranspose"):
            fan = math.prod(sizes[1:])
        elif layer.operator == "Gemm":
            transposed = layer.attributes.get("transB" if place else "transA", 0)
            fan = sizes[-1] if bool(transposed) is bool(place) else sizes[0]
        elif layer.operator == "MatMul":
            fan = sizes[-2] if place and len(sizes) > 1 else sizes[-1]
        return within(1 / math.sqrt(max(1, fan)))

    def _weight(self, layer: Layer) -> tuple[int, tuple[int, ...]] | None:
        """Which input of a linear layer is its weight, and its sizes there."""
        for place, item in [*enumerate(layer.inputs)][1::-1]:
            sizes = self._sizes(item) if item is not None and self._is_weight(item) else None
            if sizes:
                return place, sizes
        return None

    def _is_weight(self, item: Value | Parameter) -> bool:
        """Whether it is a parameter, in whatever form."""
        while isinstance(item, Value):
            made = item.producer
            if made is None or made.domain or made.operator not in CARRIERS or made.inputs[0] is None:
                return False
            item = made.inputs[0]
        return True

    def _sizes(self, item: Value | Parameter | None) -> tuple[int, ...] | None:
        if item is None:
            return None
        dims: Shape | None = item.shape if isinstance(item, Parameter) else spec_of(item, self.walked).dims
        return tuple(dims) if dims is not None and all(isinstance(dim, int) for dim in dims) else None  # type: ignore[arg-type]

"""What is to be looked at in a layer's output, told by its operator, in either vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.compare.hunt.gauge import Look
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.ops.registry import find
from laminae.plan.store import Store

COMPUTING = frozenset({"linear", "convolution", "activation", "normalization", "attention", "recurrent", "pooling"})
"""Kinds of layers whose outputs mean something by their numbers: not shapes, masks, places or what arithmetic prepares."""

BOUNDS = {"sigmoid": (0.0, 1.0), "hardsigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0)}
SOFTMAX = frozenset({"softmax", "_softmax"})
RELUS = frozenset({"relu", "relu6", "clip", "clamp", "hardtanh", "thresholdedrelu", "threshold"})
PASSING = frozenset({"activation", "normalization", "dropout", "identity", "arithmetic", "pooling"})
"""Kinds that leave the channels where they are."""

WIDE = 1e30
"""Limits beyond this keep numbers representable; they are no activation's."""

FAR = 8
"""Layers that are gone back to find what made the channels."""


def name_of(layer: Layer) -> str:
    """The operator's name in small letters, a torch overload's apart: `relu`, `add`."""
    return layer.operator.split(".")[0].lower()


def kind_of(layer: Layer) -> str:
    """What its operator is, in one word; empty where that is not known."""
    if layer.is_input or layer.function is not None:
        return ""
    found = find(layer.domain, layer.operator, layer.opset)
    return found.kind if found is not None else ""


def look_of(layer: Layer) -> Look:
    """What to look at in a layer's output."""
    name, kind = name_of(layer), kind_of(layer)
    if name in SOFTMAX:
        return Look(rows=int(layer.attributes.get("axis", layer.attributes.get("dim", -1))))
    low, high = BOUNDS.get(name) or (_clip(layer, name) if name in RELUS else (None, None))
    exact = name not in BOUNDS
    channels = channel_axis(layer) if kind in COMPUTING else None
    return Look(channels, low, high, exact and (low, high) != (None, None))


def channel_axis(layer: Layer) -> int:
    """Where the channels or units stand: axis 1 after a convolution, the last after a product with a matrix."""
    for _ in range(FAR):
        kind = kind_of(layer)
        if kind == "convolution":
            return 1
        if kind in ("linear", "attention", "recurrent", "embedding"):
            return -1
        first = next((x.producer for x in layer.inputs if isinstance(x, Value) and x.producer is not None), None)
        if kind not in PASSING or first is None:
            break
        layer = first
    rank = len(shape) if (shape := layer.outputs[0].shape if layer.outputs and layer.outputs[0] else None) else 0
    return 1 if rank == 4 else -1


def _clip(layer: Layer, name: str) -> tuple[float | None, float | None]:
    """The limits of a clipped activation at which too many values are odd: its upper one, and its lower where that is not 0."""
    if name == "relu6":
        return None, 6.0
    if name in ("hardtanh", "clip", "clamp"):
        return _meant(_number(layer, 1, ("min", "min_val"), name), _number(layer, 2, ("max", "max_val"), name))
    return None, None


def _meant(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    if high is None or abs(high) > WIDE:
        return None, None
    return (None if low is None or low == 0 or abs(low) > WIDE else low), high


def _number(layer: Layer, place: int, names: tuple[str, ...], operator: str) -> float | None:
    """An attribute, or an input that is a parameter or a constant."""
    held: Any = next((layer.attributes[name] for name in names if name in layer.attributes), None)
    if held is None and operator == "hardtanh":
        return (None, -1.0, 1.0)[place]
    if held is None and not layer.domain.startswith("torch") and len(layer.inputs) > place:
        given = layer.inputs[place]
        held = given.array if isinstance(given, Parameter) else _constant(given)
    if held is None:
        return None
    try:
        return float(np.asarray(as_numpy(held) if hasattr(held, "dtype") else held, np.float64).reshape(-1)[0])
    except (TypeError, ValueError, IndexError):
        return None


def _constant(value: Value | None) -> Any:
    maker = value.producer if value is not None else None
    if maker is None or maker.operator != "Constant":
        return None
    return next((v for key, v in maker.attributes.items() if key.startswith("value")), None)


@dataclass(frozen=True)
class Among:
    """Whether a layer is one of these. Equal where they are: plans are kept by it."""

    layers: frozenset[Layer]

    def __call__(self, layer: Layer) -> bool:
        return layer in self.layers


def looking(graph: Graph) -> list[Store]:
    """A store rule for each look that the layers of a graph need: measured as they run, nothing kept."""
    looks: dict[Look, list[Layer]] = {}
    for _, inner in graph.graphs():
        for layer in inner.layers:
            looks.setdefault(look_of(layer), []).append(layer)
    return [Store(Among(frozenset(layers)), reduce=look) for look, layers in looks.items()]

"""LSTM and GRU, batch first as torch calls it; the operators want the sequence first, so there are transposes around them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from laminae.graph import Parameter, Value
from laminae.layers.arguments import refusal, require_flag, require_whole
from laminae.layers.init import SCHEMES, Array, Init, draw, within
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place


@dataclass(frozen=True, eq=False, repr=False)
class LSTM(BuilderLayer[tuple[Placed, Placed, Placed]]):
    """Long short-term memory: x [batch, sequence, features] → (output, h, c). Hochreiter and Schmidhuber 1997.

    i, o, f = σ(W x + R h + B), g = tanh(W x + R h + B), c = f · c + i · g, h = o · tanh(c)

    output [batch, sequence, directions · hidden]; h, c after the last step [layers · directions, batch, hidden], as torch.nn.LSTM
    gives them. Called on (x, h, c) it begins with those, otherwise with zeros. A group.

    hidden: size of the state. layers: how many, each on the output of the one before. bidirectional: also from the end.
    init: a scheme, or a function (shape, rng), for W and R, and B zeros; None, as torch: all uniform within ±1/√hidden.
    Parameters in ONNX's layout, gates in the order i, o, f, g (torch's: i, f, g, o): `name.W` [directions, 4 · hidden,
    features], `name.R` [directions, 4 · hidden, hidden], `name.B` [directions, 8 · hidden]; of further layers `name.W_l1`, ….
    Raises ShapeError where the features are not a number, DTypeError where x is not of floats.
    """

    takes: ClassVar[tuple[int, int | None]] = (1, 3)
    results: ClassVar[tuple[str, ...]] = ("", ".h", ".c")
    hidden: int
    layers: int = 1
    bidirectional: bool = False
    init: Init = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _require_common(self)

    def place(self, at: Place, x: Value, h: Value | None = None, c: Value | None = None) -> tuple[Value, ...]:
        if h is not None and c is None:
            raise refusal(self, "state", "both: LSTM(…)(x, h, c)", "h alone")
        return _recurrent(at, self, x, [h, c], 4)


@dataclass(frozen=True, eq=False, repr=False)
class GRU(BuilderLayer[tuple[Placed, Placed]]):
    """Gated recurrent unit: x [batch, sequence, features] → (output, h). Cho et al. 2014, in torch's form.

    z, r = σ(W x + R h + B), n = tanh(W x + Bw + r · (R h + Br)), h = (1 - z) · n + z · h

    output [batch, sequence, directions · hidden]; h after the last step [layers · directions, batch, hidden], as torch.nn.GRU
    gives them. Called on (x, h) it begins with that, otherwise with zeros. A group.

    hidden, layers, bidirectional, init: as in LSTM. Parameters in ONNX's layout, gates in the order z, r, n (torch's: r, z, n):
    `name.W` [directions, 3 · hidden, features], `name.R` [directions, 3 · hidden, hidden], `name.B` [directions, 6 · hidden].
    Raises ShapeError where the features are not a number, DTypeError where x is not of floats.
    """

    takes: ClassVar[tuple[int, int | None]] = (1, 2)
    results: ClassVar[tuple[str, ...]] = ("", ".h")
    hidden: int
    layers: int = 1
    bidirectional: bool = False
    init: Init = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _require_common(self)

    def place(self, at: Place, x: Value, h: Value | None = None) -> tuple[Value, ...]:
        return _recurrent(at, self, x, [h], 3, linear_before_reset=1)


def _require_common(layer: LSTM | GRU) -> None:
    require_whole(layer, "hidden", layer.hidden)
    require_whole(layer, "layers", layer.layers)
    require_flag(layer, "bidirectional", layer.bidirectional)
    if not (layer.init is None or callable(layer.init) or (isinstance(layer.init, str) and layer.init in SCHEMES)):
        raise refusal(layer, "init", f"None, a function (shape, rng) or one of {', '.join(SCHEMES)}", layer.init)


def _recurrent(
    at: Place, layer: LSTM | GRU, x: Value, states: list[Value | None], gates: int, **attributes: Any
) -> tuple[Value, ...]:
    """The layers one on the other: the last one's output, batch first, and the states of all."""
    at.shape(x, 3, 3, meaning="[batch, sequence, features]")
    starts = [_split(at, state, layer.layers) for state in states]
    ends: list[tuple[Value, ...]] = []
    attributes |= {"hidden_size": int(layer.hidden), "direction": "bidirectional" if layer.bidirectional else "forward"}
    for i in range(layer.layers):
        x = _batch_first(at, x, layer) if i else x
        parameters = _parameters(at, layer, x, gates, f"_l{i}" if i else "")
        x = at.put("Transpose", x, perm=[1, 0, 2], leaf="sequence_first")
        begin = [None, *(start[i] for start in starts)] if starts[0] else []
        x, *last = at.put_several(1 + len(states), type(layer).__name__, x, *parameters, *begin, **attributes)
        ends.append(tuple(last))
    joined = [of if len(of) == 1 else (at.put("Concat", *of, axis=0, leaf="states"),) for of in zip(*ends, strict=True)]
    return _batch_first(at, x, layer), *(state for (state,) in joined)


def _batch_first(at: Place, y: Value, layer: LSTM | GRU) -> Value:
    """[sequence, directions, batch, hidden] → [batch, sequence, directions · hidden]."""
    turned = at.put("Transpose", y, perm=[2, 0, 1, 3], leaf="batch_first")
    return at.put("Reshape", turned, at.constant("shape", [0, 0, _directions(layer) * int(layer.hidden)]), leaf="join_directions")


def _split(at: Place, state: Value | None, layers: int) -> tuple[Value, ...]:
    """The part of a state that each layer begins with."""
    if state is None:
        return ()
    return (state,) if layers == 1 else at.put_several(layers, "Split", state, axis=0, num_outputs=layers)


def _directions(layer: LSTM | GRU) -> int:
    return 2 if layer.bidirectional else 1


def _parameters(at: Place, layer: LSTM | GRU, x: Value, gates: int, suffix: str) -> tuple[Parameter, ...]:
    d, h, dtype = _directions(layer), int(layer.hidden), at.floats(x)
    features = at.size(x, 2, "features")
    bound = within(1 / math.sqrt(h))

    def start(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if layer.init is None:
            return np.asarray(bound(shape, rng))
        return np.stack([draw(layer.init, shape[1:], rng) for _ in range(d)])

    return (
        at.parameter(f"W{suffix}", (d, gates * h, features), dtype, start),
        at.parameter(f"R{suffix}", (d, gates * h, h), dtype, start),
        at.parameter(f"B{suffix}", (d, 2 * gates * h), dtype, bound if layer.init is None else "zeros"),
    )

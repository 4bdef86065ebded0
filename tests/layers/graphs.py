"""Random small graphs of all layer kinds, for property tests: `graphs()` gives a graph and a drawn example of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import laminae.layers as lm
from laminae.base.shapes import Shape
from laminae.graph import Graph
from laminae.layers.build import build

Draw = Callable[[st.SearchStrategy[Any]], Any]
Make = Callable[[Draw, Shape], Any]

ANY: dict[str, Make] = {
    "Linear": lambda draw, s: lm.Linear(draw(st.integers(1, 5)), bias=draw(st.booleans())),
    "ReLU": lambda draw, s: lm.ReLU(),
    "LeakyReLU": lambda draw, s: lm.LeakyReLU(draw(st.sampled_from([0.01, 0.2]))),
    "GELU": lambda draw, s: lm.GELU(draw(st.sampled_from(["none", "tanh"]))),
    "SiLU": lambda draw, s: lm.SiLU(),
    "Sigmoid": lambda draw, s: lm.Sigmoid(),
    "Tanh": lambda draw, s: lm.Tanh(),
    "Softplus": lambda draw, s: lm.Softplus(),
    "ELU": lambda draw, s: lm.ELU(),
    "HardSwish": lambda draw, s: lm.HardSwish(),
    "Mish": lambda draw, s: lm.Mish(),
    "Softmax": lambda draw, s: lm.Softmax(draw(st.integers(1 - len(s), -1))),
    "Dropout": lambda draw, s: lm.Dropout(draw(st.sampled_from([0.5, 0.1]))),
    "Flatten": lambda draw, s: lm.Flatten(),
    "LayerNorm": lambda draw, s: lm.LayerNorm(draw(st.integers(1, len(s) - 1)), 1e-2),
    "RMSNorm": lambda draw, s: lm.RMSNorm(draw(st.integers(1 - len(s), -1)), eps=1e-2),
    "BatchNorm": lambda draw, s: lm.BatchNorm(),
    "Reshape": lambda draw, s: lm.Reshape(draw(st.sampled_from([(-1,), (-1, s[-1]), (s[-1], -1, 1)]))),
}
"""Layers that take [batch, …] of rank 2 or more. An eps that is large keeps rounding errors from growing."""

ASK_FOR_NUMBERS = ("BatchNorm", "LayerNorm", "RMSNorm", "Reshape", "Flatten")
"""Those that must know every size behind the batch."""

WINDOWED: dict[str, Make] = {
    "Conv": lambda draw, s: lm.Conv(
        4, draw(st.integers(1, min(3, *s[2:]))), stride=draw(st.integers(1, 2)), groups=groups(draw, s)
    ),  # type: ignore[type-var]
    "Conv same": lambda draw, s: lm.Conv(2, draw(st.integers(1, 4)), padding="same", dilation=draw(st.integers(1, 2))),
    "ConvTranspose": lambda draw, s: lm.ConvTranspose(
        2, draw(st.integers(1, 3)), stride=2, output_padding=draw(st.integers(0, 1))
    ),
    "MaxPool": lambda draw, s: lm.MaxPool(min(2, *s[2:]), 1, ceil_mode=draw(st.booleans())),  # type: ignore[type-var]
    "MaxPool pad": lambda draw, s: lm.MaxPool(2, 2, 1, ceil_mode=draw(st.booleans())),
    "AvgPool": lambda draw, s: lm.AvgPool(2, 2, 1, count_include_pad=draw(st.booleans())),
    "GlobalAvgPool": lambda draw, s: lm.GlobalAvgPool(),
    "InstanceNorm": lambda draw, s: lm.InstanceNorm(eps=1e-2),
    "GroupNorm": lambda draw, s: lm.GroupNorm(groups(draw, s), eps=1e-2),
}
"""Layers that take [batch, channels, *sizes] with one to three sizes."""

SEQUENTIAL: dict[str, Make] = {
    "LSTM": lambda draw, s: lm.LSTM(draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.booleans())),
    "Mean": lambda draw, s: lm.Mean(1),
    "GRU": lambda draw, s: lm.GRU(draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.booleans())),
    "MultiHeadAttention": lambda draw, s: lm.MultiHeadAttention(divisor(draw, s[-1]), causal=draw(st.booleans())),
}
"""Layers that take [batch, sequence, features]."""

STARTS: list[tuple[Any, ...]] = [(3,), (4, 5), ("sequence", 4), (2, 5, 6), (2, 3, 4, 3)]


@st.composite
def graphs(draw: Draw, *, max_layers: int = 6) -> tuple[Graph, list[np.ndarray[Any, Any]]]:
    """A graph of one Input and a few layers and joins, with one to three outputs; and an array for each input."""
    start = draw(st.sampled_from([*STARTS, "ids"]))
    x: Any = lm.Input("sequence", dtype="int64", name="ids") if start == "ids" else lm.Input(start)
    inputs = [x]
    values, more = [lm.Embedding(5, 4)(x) if start == "ids" else lm.Tanh()(x)], []
    for _ in range(draw(st.integers(1, max_layers))):
        x = draw(st.sampled_from(values[-3:]))
        way = draw(st.sampled_from(["step", "step", "step", "join", "again"]))
        outs = {"step": stepped, "join": joined, "again": again}[way](draw, inputs, x, values)
        first, *rest = outs if isinstance(outs, tuple) else (outs,)
        values.append(first)
        more += rest
    outputs = {values[-1]: None, **dict.fromkeys(draw(st.lists(st.sampled_from(values + more), max_size=2)))}
    return build(inputs, list(outputs), seed=draw(st.integers(0, 99)), name="drawn"), [example(draw, i) for i in inputs]


def stepped(draw: Draw, inputs: list[lm.Input], x: Any, values: list[Any]) -> Any:
    """A new layer on x: one of those its shape allows."""
    shape = shape_of(inputs, x)
    numbers = all(isinstance(n, int) for n in shape[1:])
    allowed = {name: make for name, make in ANY.items() if numbers or name not in ASK_FOR_NUMBERS}
    if 3 <= len(shape) <= 5 and numbers:
        allowed |= WINDOWED
    if len(shape) == 3:
        allowed |= SEQUENTIAL
    return allowed[draw(st.sampled_from(sorted(allowed)))](draw, shape)(x)


def joined(draw: Draw, inputs: list[lm.Input], x: Any, values: list[Any]) -> Any:
    """x with itself, or with values of its shape."""
    shape = shape_of(inputs, x)
    same = [v for v in values if shape_of(inputs, v) == shape]
    layers = [lm.Add(), lm.Multiply(), lm.Concat(-1), *([lm.Concat()] if isinstance(shape[1], int) else [])]
    return draw(st.sampled_from(layers))(x, *draw(st.lists(st.sampled_from(same), min_size=1, max_size=2)))


def again(draw: Draw, inputs: list[lm.Input], x: Any, values: list[Any]) -> Any:
    """The layer that made a value of x's shape out of one of its shape, once more."""
    shape = shape_of(inputs, x)
    made = [v.call.layer for v in values if len(v.call.inputs) == 1 and shape_of(inputs, v.call.inputs[0]) == shape]
    return draw(st.sampled_from(made))(x) if made else lm.Sigmoid()(x)


def shape_of(inputs: list[lm.Input], x: Any) -> Shape:
    return build(inputs, x).outputs[0].shape or ()


def divisor(draw: Draw, size: Any) -> int:
    return int(draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0])))


def groups(draw: Draw, shape: Shape) -> int:
    """Into how many groups both the channels and 4 divide."""
    return int(draw(st.sampled_from([n for n in (1, 2, 4) if isinstance(shape[1], int) and shape[1] % n == 0])))


def example(draw: Draw, x: lm.Input) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    sizes = {"batch": draw(st.integers(1, 3)), "sequence": draw(st.integers(1, 4))}
    shape = [dim if isinstance(dim, int) else sizes[str(dim)] for dim in x.dims]
    return rng.integers(0, 5, shape) if x.dtype == "int64" else rng.normal(size=shape).astype(x.dtype)

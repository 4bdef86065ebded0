"""Overhead of the forward pass: 1,000 tiny layers, beside the same torch calls in a plain Python loop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import repeat

LAYERS, SIZE, BATCH = 1000, 16, 4
TITLE = f"{LAYERS} tiny layers (Gemm, Relu, Add, Tanh in turn; [{BATCH}, {SIZE}] float32), 1 thread"
CONTESTANTS = ("torch loop", "laminae model(x)", "torch loop, storing", "laminae model.run(x)")
RATIOS = (
    ("output only", "laminae model(x)", "torch loop", 1.2),
    ("store all", "laminae model.run(x)", "torch loop, storing", 1.5),
)


def weights() -> list[tuple[np.ndarray, ...]]:
    """For each layer in turn: Gemm's weight and bias, nothing, what is added, nothing."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) / SIZE**0.5).astype(np.float32)

    return [((array(SIZE, SIZE), array(SIZE)), (), (array(SIZE),), ())[i % 4] for i in range(LAYERS)]


def plain(store: bool) -> Callable[[], Any]:
    """The same calls, each on its own line of a list, in one loop."""
    import torch

    kinds = (torch.nn.functional.linear, torch.relu, torch.add, torch.tanh)
    calls = [(kinds[i % 4], tuple(map(torch.from_numpy, arrays))) for i, arrays in enumerate(weights())]
    x = torch.ones(BATCH, SIZE)

    def loop() -> Any:
        with torch.no_grad():
            y = x
            for function, arrays in calls:
                y = function(y, *arrays)
            return y

    def storing() -> Any:
        with torch.no_grad():
            y, kept = x, [x]
            for function, arrays in calls:
                y = function(y, *arrays)
                kept.append(y)
            return kept

    return storing if store else loop


def ours(store: bool) -> Callable[[], Any]:
    import torch

    import laminae as lm
    from laminae.graph import Graph, Layer, Parameter, Value

    graph = Graph("chain", opsets={"": 23})
    value = graph.add_input("x", "float32", ("batch", SIZE))
    for i, arrays in enumerate(weights()):
        boxes = [graph.add_parameter(Parameter(f"p{i}.{k}", array)) for k, array in enumerate(arrays)]
        made = Value(f"v{i}")
        kind = ("Gemm", "Relu", "Add", "Tanh")[i % 4]
        attributes = {"transB": 1} if kind == "Gemm" else {}
        graph.layers.append(Layer(f"L{i}", kind, (value, *boxes), (made,), attributes, opset=23))
        value = made
    graph.outputs = (value,)
    graph.changed()
    model, x = lm.Model(graph=graph), torch.ones(BATCH, SIZE)
    assert torch.equal(model(x), plain(False)())
    return (lambda: model.run(x)) if store else (lambda: model(x))


def main(name: str) -> None:
    import torch

    torch.set_num_threads(1)
    make = plain if name.startswith("torch") else ours
    print(repeat(make(name in CONTESTANTS[2:])))


if __name__ == "__main__":
    main(sys.argv[1])

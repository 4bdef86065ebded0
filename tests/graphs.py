"""Random small graphs for property tests: any DAG of [batch, 4] values, with shared parameters, views, several outputs."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from laminae.graph import Graph, Layer, Parameter, Value

SIZE = 4
OPSET = 23

ONE = ("Relu", "Tanh", "Sigmoid", "Neg", "Identity", "Softmax", "Flatten")
TWO = ("Add", "Mul", "Sub", "Max")
KINDS = (*ONE, *TWO, "Gemm", "Split", "Transposed", "ParameterView", "Constant", "AddParameter", "If")


@st.composite
def graphs(draw: st.DrawFn, max_layers: int = 12, kinds: tuple[str, ...] = KINDS) -> Graph:
    """A graph of one or two inputs and up to `max_layers` layers, in forward order, each reading any values before it."""
    graph = Graph("random", opsets={"": OPSET})
    values = [graph.add_input(f"x{i}", "float32", ("batch", SIZE)) for i in range(draw(st.integers(1, 2)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    for i in range(draw(st.integers(1, max_layers))):
        kind = draw(st.sampled_from(kinds))
        picked = [values[draw(st.integers(0, len(values) - 1))] for _ in range(2)]
        values.append(add(graph, kind, f"L{i}", picked, rng))
    outputs = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))
    graph.outputs = tuple(dict.fromkeys([*outputs, values[-1]]))
    graph.changed()
    return graph


def add(graph: Graph, kind: str, name: str, reads: list[Value], rng: np.random.Generator) -> Value:
    """One random layer (for some kinds two or three operators) at the end of the graph; its value is [batch, 4] again."""

    def layer(
        operator: str, inputs: list[Value | Parameter], outputs: int = 1, suffix: str = "", **attributes: object
    ) -> list[Value]:
        own = name + suffix
        made = [Value(own if i == 0 else f"{own}:{i}") for i in range(outputs)]
        graph.append(Layer(own, operator, tuple(inputs), tuple(made), attributes, opset=OPSET))
        return made

    def parameter(*shape: int) -> Parameter:
        shared = [p for p in graph.parameters.values() if p.shape == shape]
        if shared and rng.random() < 0.3:
            return shared[int(rng.integers(len(shared)))]
        array = rng.standard_normal(shape).astype(np.float32)
        return graph.add_parameter(Parameter(f"{name}.p{len(graph.parameters)}", array))

    a, b = reads
    if kind in ONE:
        return layer(kind, [a])[0]
    if kind in TWO:
        return layer(kind, [a, b])[0]
    if kind == "Gemm":
        return layer("Gemm", [a, parameter(SIZE, SIZE), parameter(SIZE)], transB=1)[0]
    if kind == "AddParameter":
        return layer("Add", [a, parameter(SIZE)])[0]
    if kind == "Split":
        first, second = layer("Split", [a], 2, "/split", axis=1, num_outputs=2)
        return layer("Concat", [second, first], axis=1)[0]
    if kind == "Transposed":
        (turned,) = layer("Transpose", [a], suffix="/turn", perm=[1, 0])
        return layer("Transpose", [turned], perm=[1, 0])[0]
    if kind == "ParameterView":
        (view,) = layer("Identity", [parameter(SIZE)], suffix="/view")
        return layer("Add", [view, a])[0]
    if kind == "Constant":
        (constant,) = layer("Constant", [], suffix="/value", value=rng.standard_normal(SIZE).astype(np.float32))
        return layer("Mul", [a, constant])[0]
    assert kind == "If"
    (condition,) = layer("Constant", [], suffix="/condition", value=np.array(bool(rng.random() < 0.5)))
    branches = {key: branch(f"{name}/{key}", a, operator) for key, operator in (("then_branch", "Relu"), ("else_branch", "Neg"))}
    return layer("If", [condition], **branches)[0]


def branch(name: str, outer: Value, operator: str) -> Graph:
    """A body that reads an outer value twice."""
    body = Graph(name, opsets={"": OPSET})
    first, second = Value(f"{name}/a"), Value(f"{name}/b")
    body.append(Layer(first.name, operator, (outer,), (first,), opset=OPSET))
    body.append(Layer(second.name, "Add", (first, outer), (second,), opset=OPSET))
    body.outputs = (second,)
    return body


def inputs(graph: Graph, seed: int, batch: int = 3) -> list[np.ndarray]:
    """One random array for each input."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((batch, SIZE)).astype(np.float32) for _ in graph.inputs]


seeds = st.integers(0, 2**16)

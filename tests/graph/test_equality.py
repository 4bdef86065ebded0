"""Each difference between two graphs is told, and nothing is told of equal ones."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from laminae.graph import Function, Graph, Layer, Parameter, Value
from laminae.graph.equality import differences, same


def example() -> Graph:
    graph = Graph("g", opsets={"": 21})
    x = graph.add_input("x", "float32", ("n", 4))
    w = graph.add_parameter(Parameter("w", np.array([1.0, -0.0, np.nan], np.float32)))
    inner = Graph("body", opsets={"": 21})
    inner.append(Layer("neg", "Neg", (x,), (Value("n"),), opset=21))
    inner.outputs = (inner.layers[0].outputs[0],)
    y = Value("y")
    graph.append(Layer("if", "If", (x, w), (y,), {"then_branch": inner, "alpha": 0.5, "value": np.zeros(2)}, opset=21))
    graph.outputs = (y,)
    called = Graph("f", opsets={"": 21})
    called.add_input("a")
    graph.functions["d", "f", ""] = Function("f", "d", "", called, ("slope",), {"p": 1})
    return graph


def test_a_copy_is_equal_though_it_holds_a_nan():
    graph = example()
    assert differences(graph, copy.deepcopy(graph)) == []


CHANGES = {
    "name: 'g' and 'h'": lambda g: setattr(g, "name", "h"),
    "doc": lambda g: setattr(g, "doc", "h"),
    "opsets": lambda g: g.opsets.update(d=1),
    "metadata": lambda g: g.metadata.update(a="b"),
    "outputs: ['y'] and ['x']": lambda g: setattr(g, "outputs", g.inputs),
    "layers": lambda g: g.layers.pop(),
    "layer 'if': operator: 'If' and 'Iff'": lambda g: setattr(g.layers[1], "operator", "Iff"),
    "layer 'if': opset": lambda g: setattr(g.layers[1], "opset", 3),
    "layer 'if': group": lambda g: setattr(g.layers[1], "group", "a"),
    "layer 'if': inputs": lambda g: setattr(g.layers[1], "inputs", g.layers[1].inputs[::-1]),
    "layer 'if': attribute 'alpha' is 0.5 and 1": lambda g: g.layers[1].attributes.update(alpha=1),
    "layer 'if': attribute 'value'": lambda g: g.layers[1].attributes["value"].__setitem__(0, -0.0),
    "layer 'if': attributes": lambda g: g.layers[1].attributes.pop("alpha"),
    "layer 'if': then_branch: layer 'neg': operator": lambda g: setattr(
        g.layers[1].attributes["then_branch"].layers[0], "operator", "Abs"
    ),
    "layer 'if': value 'y': dtype": lambda g: setattr(g.layers[1].outputs[0], "dtype", "int8"),
    "layer 'x': value 'x': shape": lambda g: setattr(g.inputs[0], "shape", (1, 4)),
    "parameter 'w': the values differ": lambda g: g.parameters["w"].array.__setitem__(1, 0.0),
    "parameter 'w': overridable": lambda g: setattr(g.parameters["w"], "overridable", True),
    "functions": lambda g: g.functions.clear(),
    "function 'f': attributes": lambda g: setattr(g.functions["d", "f", ""], "attributes", ()),
    "function 'f': attribute 'p'": lambda g: g.functions["d", "f", ""].defaults.update(p=2),
    "function 'f': layers": lambda g: g.functions["d", "f", ""].graph.layers.clear(),
}


@pytest.mark.parametrize("told", CHANGES)
def test_a_difference_is_told_in_words(told):
    graph, other = example(), example()
    CHANGES[told](other)
    found = differences(graph, other)
    assert any(told in line for line in found), found


def test_numbers_of_other_types_and_other_zeros_are_other_attributes():
    assert same([1, 2], (1, 2))
    assert not same(1, 1.0)
    assert not same(0.0, -0.0)
    assert same(float("nan"), float("nan"))
    assert not same(np.zeros(2, np.float32), np.zeros(2, np.float64))

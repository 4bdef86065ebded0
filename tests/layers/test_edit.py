"""Layers made for a graph that is there already: the graph stays as it is until someone puts them in."""

from __future__ import annotations

import numpy as np
import pytest

import laminae.layers as lm
from laminae.base.errors import EditError, UsageError
from laminae.graph import Graph, Value
from laminae.graph.edit import put_in, reroute
from laminae.graph.lint import require_sound
from laminae.layers.build import build, chain, place
from tests.layers.running import run


def patients() -> Graph:
    return chain(lm.Input(3, name="x"), lm.Linear(4, name="fc"), lm.ReLU(), lm.Linear(2, name="out"), name="patients")


def value(graph: Graph, name: str) -> Value:
    return next(v for v in graph.values() if v.name == name)


def test_placing_leaves_the_graph_as_it_is_and_gives_what_to_put_in() -> None:
    graph = patients()
    before = [layer.name for layer in graph.layers], dict(graph.parameters), graph.revision
    layers, parameters, outs = place(graph, lm.Linear(4), (value(graph, "relu_1"),), 3)
    assert before == ([layer.name for layer in graph.layers], dict(graph.parameters), graph.revision)
    assert [(layer.name, layer.operator, layer.opset) for layer in layers] == [("linear_1", "Gemm", 23)]
    assert [p.name for p in parameters] == ["linear_1.weight", "linear_1.bias"]
    assert outs[0].shape == ("batch", 4)


def test_what_was_placed_can_be_put_in_and_runs() -> None:
    graph = patients()
    x = np.ones((2, 3), "float32")
    h = value(graph, "relu_1")
    layers, parameters, (out,) = place(graph, lm.SiLU(name="act"), (h,), 3)
    put_in(graph, 3, layers, parameters)
    reroute(graph, h, out, but=layers)
    require_sound(graph)
    assert [layer.name for layer in graph.layers] == ["x", "fc", "relu_1", "act/sigmoid", "act/mul", "out"]
    assert run(graph, x)[0].shape == (2, 2)


def test_made_up_names_avoid_those_of_the_graph() -> None:
    graph = patients()
    layers, _, _ = place(graph, lm.ReLU(), (value(graph, "fc"),), 2)
    assert layers[0].name == "relu_2"
    layers, _, _ = place(graph, lm.ReLU(name="mine"), (value(graph, "fc"),), 2, name="given")
    assert layers[0].name == "given"


def test_a_name_that_is_taken_is_refused_unless_who_has_it_goes() -> None:
    graph = patients()
    with pytest.raises(EditError, match="cannot be named 'fc'"):
        place(graph, lm.Linear(4, name="fc"), (value(graph, "x"),), 1)
    layers, parameters, outs = place(
        graph, lm.Linear(5, name="fc"), (value(graph, "x"),), 1, instead_of=[graph.index.by_name["fc"]]
    )
    assert (layers[0].name, outs[0].name, [p.name for p in parameters]) == ("fc", "fc", ["fc.weight", "fc.bias"])


def test_the_seed_draws_the_weights() -> None:
    graph = patients()
    drawn = [place(graph, lm.Linear(4), (value(graph, "x"),), 1, seed=seed)[1][0].array.tobytes() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_value_that_is_made_later_or_elsewhere_is_refused() -> None:
    graph = patients()
    with pytest.raises(EditError, match="cannot read 'out' here") as caught:
        place(graph, lm.ReLU(), (value(graph, "out"),), 2)
    assert caught.value.details["because"] == "layer 'out' makes it later"
    with pytest.raises(EditError, match="cannot read 'fc' here"):
        place(graph, lm.ReLU(), (value(patients(), "fc"),), 2)


def test_new_layers_have_the_opset_of_the_graph() -> None:
    graph = patients()
    graph.opsets = {"": 17}
    layers, _, _ = place(graph, lm.Linear(2), (value(graph, "fc"),), 2)
    assert layers[0].opset == 17


@pytest.mark.parametrize("layer", [lm.Softmax(), lm.Mish(), lm.RMSNorm(), lm.GELU()])
def test_an_operator_that_the_opset_of_the_graph_means_otherwise_is_refused(layer: lm.BuilderLayer[lm.Placed]) -> None:
    graph = patients()
    graph.opsets = {"": 11}
    with pytest.raises(EditError, match="cannot be put into a model of opset 11") as caught:
        place(graph, layer, (value(graph, "fc"),), 2)
    assert set(caught.value.details) == {"operator", "because", "the way out"}


def test_what_is_no_layer_is_refused() -> None:
    graph = patients()
    for thing in (lm.ReLU, "relu", lm.Input(3)):
        with pytest.raises(UsageError, match="no layer to put in"):
            place(graph, thing, (value(graph, "fc"),), 2)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="called on 1 values"):
        place(graph, lm.Add(), (value(graph, "fc"),), 2)


def test_a_layer_of_several_values_and_inputs_can_be_placed() -> None:
    a, b = lm.Input((5, 4), name="a"), lm.Input((7, 4), name="b")
    graph = build([a, b], [lm.ReLU()(a), lm.ReLU()(b)])
    va, vb = graph.inputs
    _, _, outs = place(graph, lm.MultiHeadAttention(2), (va, vb, vb), 4)
    assert outs[0].shape == ("batch", 5, 4)
    _, _, outs = place(graph, lm.LSTM(3), (va,), 4)
    assert [out.name for out in outs] == ["lstm_1", "lstm_1.h", "lstm_1.c"]

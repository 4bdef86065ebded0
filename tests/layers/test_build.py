"""From calls to a graph: names, groups, order, sharing, sizes."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

import laminae.layers as lm
from laminae.base.errors import ShapeError, UsageError
from laminae.graph import Graph
from laminae.graph.lint import require_sound, unread
from laminae.layers.build import build, chain


def names(graph: Graph) -> list[str]:
    return [layer.name for layer in graph.layers]


def value_names(graph: Graph) -> list[str]:
    return [value.name for value in graph.values()]


def test_a_chain_is_its_layers_in_order() -> None:
    graph = chain(lm.Input(3, name="L1"), lm.Linear(1, name="L2"), lm.ReLU(name="L3"), name="patients")
    require_sound(graph)
    assert names(graph) == value_names(graph) == ["L1", "L2", "L3"]
    assert [layer.operator for layer in graph.layers] == ["Input", "Gemm", "Relu"]
    assert [value.shape for value in graph.values()] == [("batch", 3), ("batch", 1), ("batch", 1)]
    assert {p.name: p.shape for p in graph.parameters.values()} == {"L2.weight": (1, 3), "L2.bias": (1,)}
    assert graph.outputs == graph.layers[-1].outputs
    assert graph.opsets == {"": 23}
    assert graph.name == "patients"


def test_layers_without_a_name_are_numbered_by_kind() -> None:
    graph = chain(lm.Input(3), lm.Linear(4), lm.ReLU(), lm.Linear(4), lm.ReLU(name="relu_2"), lm.ReLU(), lm.Tanh())
    assert names(graph) == ["input", "linear_1", "relu_1", "linear_2", "relu_2", "relu_3", "tanh_1"]


def test_inputs_without_a_name_are_input_and_input_2() -> None:
    x, y, z = lm.Input(3), lm.Input(3), lm.Input(3, name="input_2")
    assert names(build([x, y, z], lm.Add()(x, y, z)))[:3] == ["input", "input_3", "input_2"]


def test_a_layer_of_several_operators_is_a_group_and_its_value_bears_its_name() -> None:
    graph = chain(lm.Input((5, 3)), lm.Linear(4, name="fc"), lm.SiLU(name="block/act"))
    assert names(graph)[1:] == ["fc/transpose", "fc/matmul", "fc/add", "block/act/sigmoid", "block/act/mul"]
    assert [layer.group for layer in graph.layers][1:] == ["fc"] * 3 + ["block/act"] * 2
    assert [layer.path for layer in graph.layers][1:] == names(graph)[1:]
    assert value_names(graph)[1:] == ["fc/transpose", "fc/matmul", "fc", "block/act/sigmoid", "block/act"]
    assert list(graph.parameters) == ["fc.weight", "fc.bias"]
    assert graph.parameters["fc.weight"].shape == (4, 3)


def test_a_name_with_slashes_stands_in_a_group() -> None:
    graph = chain(lm.Input(3), lm.Linear(4, name="encoder/0/fc"))
    assert (graph.layers[1].name, graph.layers[1].group, graph.layers[1].path) == ("encoder/0/fc", "encoder/0", "encoder/0/fc")


def test_a_layer_called_again_shares_its_parameters_and_gives_passes() -> None:
    fc, act = lm.Linear(3, name="fc"), lm.ReLU()
    graph = chain(lm.Input(3), fc, act, fc, act, fc)
    require_sound(graph)
    assert names(graph) == ["input", "fc", "relu_1", "fc#2", "relu_1#2", "fc#3"]
    assert list(graph.parameters) == ["fc.weight", "fc.bias"]
    assert len(graph.readers(graph.parameters["fc.weight"])) == 3


def test_a_group_called_again_shares_its_parameters_too() -> None:
    mha = lm.MultiHeadAttention(2, causal=True, name="mha")
    graph = chain(lm.Input((5, 4)), mha, mha)
    require_sound(graph)
    assert "mha#2/softmax" in names(graph)
    assert graph.index.by_name["mha#2/softmax"].group == "mha#2"
    assert all(name.startswith("mha.") for name in graph.parameters)


def test_the_order_is_the_order_of_calling() -> None:
    x = lm.Input(3)
    first = lm.ReLU(name="first")(x)
    second = lm.Tanh(name="second")(x)
    third = lm.Sigmoid(name="third")(first)
    assert names(build(x, lm.Add(name="sum")(third, second))) == ["input", "first", "second", "third", "sum"]


def test_what_the_outputs_do_not_depend_on_is_left_out() -> None:
    x = lm.Input(3)
    h = lm.ReLU()(x)
    lm.Linear(9)(h)
    assert names(build(x, h)) == ["input", "relu_1"]


def test_outputs_given_in_a_dict_bear_its_names() -> None:
    x = lm.Input(3)
    h = lm.Linear(4, name="fc")(x)
    graph = build(x, {"features": h, "fc2": lm.ReLU()(h), "linear_1": lm.Linear(2)(h)})
    require_sound(graph)
    assert [out.name for out in graph.outputs] == ["features", "fc2", "linear_1"]
    assert names(graph) == ["input", "fc", "relu_1", "linear_2"]


def test_an_input_may_be_an_output_and_the_whole_shape_may_be_given() -> None:
    x, y = lm.Input((2, "n"), batch=None, name="x"), lm.Input(4, batch=7, name="y")
    graph = build([x, y], [x, lm.ReLU()(y)])
    assert [value.shape for value in graph.inputs] == [(2, "n"), (7, 4)]
    assert graph.outputs[0] is graph.inputs[0]


def test_recurrent_layers_have_names_for_each_value() -> None:
    y, h, c = lm.LSTM(4, layers=2)(x := lm.Input(("sequence", 3)))
    graph = build(x, [y, h, c])
    require_sound(graph)
    assert [out.name for out in graph.outputs] == ["lstm_1", "lstm_1.h", "lstm_1.c"]
    assert list(graph.parameters)[:3] == ["lstm_1.W", "lstm_1.R", "lstm_1.B"]
    assert graph.layers[-1].outputs[0] is graph.outputs[0]
    assert not unread(build(x, [y]))[2:]


def test_building_again_gives_equal_parameters_that_are_not_the_same() -> None:
    x = lm.Input(3)
    h = lm.Linear(4, name="fc")(x)
    a, b = (build(x, h).parameters["fc.weight"] for _ in range(2))
    assert a is not b
    np.testing.assert_array_equal(a.array, b.array)


@pytest.mark.parametrize("shared", [False, True])
def test_ten_thousand_layers_are_built_without_recursion_and_in_time(shared: bool) -> None:
    layer = lm.ReLU()
    started = time.perf_counter()
    graph = chain(lm.Input(3), *[layer if shared else lm.ReLU() for _ in range(10_000)])
    assert len(graph.layers) == 10_001
    assert time.perf_counter() - started < 10
    repr(lm.Tanh()(lm.Input(3)))


def test_parameters_have_the_dtype_of_the_input() -> None:
    graph = chain(
        lm.Input((2, 6), dtype="float16"), lm.Linear(4), lm.LayerNorm(), lm.MultiHeadAttention(2, causal=True), lm.GRU(2)
    )
    assert {p.dtype for p in graph.parameters.values() if "int" not in p.dtype} == {"float16"}
    assert graph.outputs[0].dtype == "float16"


def test_constants_say_that_they_do_not_learn() -> None:
    graph = chain(lm.Input((4, 6)), lm.BatchNorm(), lm.Reshape(-1), lm.Dropout(0.2), lm.Linear(1))
    roles = {p.name: p.metadata.get("laminae.role") for p in graph.parameters.values()}
    assert roles == {
        "batchnorm_1.weight": None,
        "batchnorm_1.bias": None,
        "batchnorm_1.running_mean": "statistic",
        "batchnorm_1.running_var": "statistic",
        "reshape_1.shape": "constant",
        "dropout_1.ratio": "constant",
        "linear_1.weight": None,
        "linear_1.bias": None,
    }


def test_building_never_loads_torch() -> None:
    script = (
        "import sys; import laminae as lm; from laminae.layers.build import chain;"
        "chain(lm.Input((8, 6)), lm.Conv(4, 3), lm.BatchNorm(), lm.LSTM(4), lm.MultiHeadAttention(2, True), lm.Linear(2));"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_two_layers_with_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two layers are named 'fc'"):
        chain(lm.Input(3), lm.Linear(3, name="fc"), lm.Linear(3, name="fc"))
    with pytest.raises(UsageError, match="two layers are named 'x'"):
        chain(lm.Input(3, name="x"), lm.ReLU(name="x"))


def test_a_shared_layer_refuses_an_input_its_weights_do_not_fit() -> None:
    fc = lm.Linear(4, name="fc")
    with pytest.raises(ShapeError) as caught:
        chain(lm.Input(3), fc, fc)
    assert caught.value.message == "layer 'fc#2' shares 'fc.weight', which does not fit here"
    assert caught.value.details["it has"] == "[4, 3] float32"

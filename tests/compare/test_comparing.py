"""Own errors told from inherited ones, layers matched or not, on models small enough to be computed by hand."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import laminae as lm
from laminae.graph import Graph
from tests.graphs import SIZE, graphs

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], np.float32)
W1 = np.array([[1, 2], [3, -4], [-5, 6]], np.float32)
W2 = np.array([[1, -1], [2, 0.5]], np.float32)


def chain(*nodes: onnx.NodeProto, outputs: tuple[str, ...] = ("y",), rows: Any = 2, **weights: np.ndarray) -> lm.Model:
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return lm.open(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


def node(op: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], name=f"{output}_node", **attributes)


def two(w1: np.ndarray = W1, w2: np.ndarray = W2) -> lm.Model:
    """y = relu(x W1) W2"""
    return chain(node("MatMul", "x w1", "h"), node("Relu", "h", "r"), node("MatMul", "r w2", "y"), w1=w1, w2=w2)


def test_own_and_inherited_errors_are_those_computed_by_hand() -> None:
    other = W1 + np.array([[0, 0], [0, 0], [0.5, 0]], np.float32)
    result = lm.compare(two(), two(other), X)
    h, k = X @ W1, X @ other
    assert [layer.state for layer in result] == ["same", "own", "inherited", "inherited"]
    assert result.first is result["h_node"]
    assert result["h_node"].own.max_abs == np.abs(k - h).max()
    y, z = np.maximum(h, 0) @ W2, np.maximum(k, 0) @ W2
    error = (z - y).astype(np.float64)
    found = result["y_node"].difference
    assert found.max_abs == np.abs(error).max()
    assert found.snr == pytest.approx(10 * np.log10(np.square(y.astype(np.float64)).sum() / np.square(error).sum()))
    assert found.cosine == pytest.approx(np.vdot(y, z) / np.linalg.norm(y) / np.linalg.norm(z))
    assert found.wrong == 1 - np.isclose(z, y, 1e-3, 1e-4).mean()
    assert result["y_node"].own.max_abs == 0
    assert not result
    assert result.own_worst is result["h_node"]


def test_two_faults_are_both_told_although_the_second_stands_behind_the_first() -> None:
    result = lm.compare(two(), two(W1 * 1.01, W2 * 1.5), X)
    assert [layer.name for layer in result if layer.differs_itself] == ["h_node", "y_node"]
    y = np.maximum(X @ W1, 0) @ W2
    assert result["y_node"].own.max_abs == pytest.approx(np.abs(y * 0.5).max(), rel=1e-6)
    assert result.own_worst.name == "y_node"


def test_a_model_agrees_with_itself() -> None:
    model = two()
    result = lm.compare(model, model, X)
    assert result
    assert result.first is None
    assert result.own_worst is None
    assert all(layer.own.max_abs == 0 == layer.difference.max_abs for layer in result)


def test_two_inputs_of_one_model_differ_and_no_layer_does_by_itself() -> None:
    model = two()
    result = lm.compare(model.run(X), model.run(X * 2))
    assert [layer.state for layer in result] == ["inherited"] * 4
    assert result["x"].difference.max_abs == np.abs(X).max()
    assert all(layer.own.max_abs == 0 for layer in result if layer.name != "x")


def test_a_patched_layer_differs_by_itself() -> None:
    model = two()
    result = lm.compare(model.run(X), model.run(X, patch=lm.patch.scale("r_node", 2.0)))
    assert [layer.state for layer in result] == ["same", "same", "own", "inherited"]


def test_a_trace_from_before_an_edit_stands_against_one_from_after() -> None:
    model = lm.Model.chain(lm.Input(3), lm.Linear(4, name="a"), lm.ReLU(name="b"), lm.Linear(2, name="c"), seed=1)
    before = model.run(X)
    model.insert(lm.Tanh(name="new"), after="b")
    result = lm.compare(before, model.run(X))
    assert (result.first.other, result.first.state) == ("new", "only in b")
    assert result["c"].state == "inherited"
    assert result["c"].own.max_abs == 0


def test_a_layer_removed_inserted_moved_or_replaced_is_named() -> None:
    sound = two()
    without = chain(node("MatMul", "x w1", "h"), node("MatMul", "h w2", "y"), w1=W1, w2=W2)
    result = lm.compare(sound, without, X)
    assert (result.first.name, result.first.other, result.first.state) == ("r_node", "", "only in a")
    assert result.first.own.max_abs == np.abs(np.minimum(X @ W1, 0)).max()
    result = lm.compare(without, sound, X)
    assert (result.first.name, result.first.other, result.first.state) == ("", "r_node", "only in b")
    moved = chain(node("MatMul", "x w1", "h"), node("MatMul", "h w2", "m"), node("Relu", "m", "y"), w1=W1, w2=W2)
    result = lm.compare(sound, moved, X, match={"y_node": "m_node"})
    assert (result.first.name, result.first.state) == ("r_node", "only in a")
    other = chain(node("MatMul", "x w1", "h"), node("Tanh", "h", "r"), node("MatMul", "r w2", "y"), w1=W1, w2=W2)
    result = lm.compare(sound, other, X)
    assert (result.first.name, result.first.op, result.first.other_op) == ("r_node", "Relu", "Tanh")


def test_a_layer_put_behind_the_end_is_named() -> None:
    sound = chain(node("MatMul", "x w1", "y"), w1=W1)
    longer = chain(node("MatMul", "x w1", "h"), helper.make_node("Relu", ["h"], ["y"], name="late"), w1=W1)
    result = lm.compare(sound, longer, X)
    assert (result.first.other, result.first.state) == ("late", "only in b")
    result = lm.compare(longer, sound, X)
    assert (result.first.name, result.first.state) == ("late", "only in a")


def test_another_stride_that_breaks_what_comes_behind_is_named_all_the_same() -> None:
    image = np.random.default_rng(0).random((1, 3, 8, 8), np.float32)

    def model(stride: int) -> lm.Model:
        graph = helper.make_graph(
            [node("Conv", "x k", "c", strides=[stride, stride]), node("Flatten", "c", "f"), node("MatMul", "f w", "y")],
            "strided",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [
                numpy_helper.from_array(np.ones((2, 3, 3, 3), np.float32), "k"),
                numpy_helper.from_array(np.ones((72, 4), np.float32), "w"),
            ],
        )
        return lm.open(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))

    result = lm.compare(model(1), model(2), image)
    assert result.first.name == "c_node"
    assert "[1, 2, 6, 6] became [1, 2, 3, 3]" in result.first.note
    assert not result.correct
    assert any("b fails" in note for note in result.notes)
    assert result["y_node"].own.max_abs == 0


def test_another_order_of_axes_is_recognised_and_shapes_are_never_broadcast() -> None:
    image = np.random.default_rng(0).random((1, 3, 4, 5), np.float32)
    first = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), torch.nn.ReLU()).eval()

    class Last(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows = x.permute(0, 2, 3, 1) @ first[0].weight[:, :, 0, 0].T + first[0].bias
            return torch.relu(rows).permute(0, 3, 1, 2)

    a = lm.open(first, example=(torch.from_numpy(image),))
    b = lm.open(Last().eval(), example=(torch.from_numpy(image),))
    result = lm.compare(a, b, image, match={"0/conv2d": "add", "1/relu": "relu"})
    assert result.correct, str(result)
    assert "axes in the order [0, 3, 1, 2]" in result["0/conv2d"].note
    one = lm.compare(two().run(X), two_of(1).run(X[:1]))
    assert not one.correct
    assert "[2, 3] became [1, 3]" in one["x"].note


def two_of(rows: int) -> lm.Model:
    return chain(node("MatMul", "x w1", "h"), node("Relu", "h", "r"), node("MatMul", "r w2", "y"), rows=rows, w1=W1, w2=W2)


def test_half_precision_takes_the_same_input_and_differs_by_its_rounding() -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).eval()
    x = torch.from_numpy(X)
    a = lm.open(module, example=(x,))
    half = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).half().eval()
    half.load_state_dict({key: value.half() for key, value in module.state_dict().items()})
    result = lm.compare(a, lm.open(half, example=(x.half(),)), x, rtol=1e-2, atol=1e-2)
    assert result.correct
    expected = module(x).detach().numpy()
    assert result["2/linear"].difference.max_abs == np.abs(half(x.half()).detach().numpy().astype(np.float64) - expected).max()


def test_pairs_may_be_given_and_are_shown() -> None:
    a, b = (
        two(),
        chain(node("MatMul", "x v", "p"), node("Relu", "p", "q"), node("MatMul", "q u", "z"), outputs=("z",), v=W1, u=W2),
    )
    result = lm.compare(a, b, X)
    assert result.correct
    assert result.matching == {"x": "x", "h_node": "p_node", "r_node": "q_node", "y_node": "z_node"}
    with pytest.raises(lm.UsageError, match="function that matches layers failed at"):
        lm.compare(a, b, X, match=lambda name: {}[name])
    given = lm.compare(a, b, X, match=lambda name: {"r_node": "q_node"}.get(name))
    assert given["r_node"].how == "given"
    without = lm.compare(a, b, X, match={"r_node": None})
    assert "r_node" not in without.matching
    assert without.correct
    assert without["y_node"].joins == ("r_node",)
    with pytest.raises(lm.UnknownNameError, match="there is no layer 'nobody' in b"):
        lm.compare(a, b, X, match={"r_node": "nobody"})


@pytest.mark.parametrize("form", ["dict", "npz", "folder", "run", "layers"])
def test_expected_values_in_every_form(form: str, tmp_path: Path) -> None:
    model = two()
    h = X @ W1
    values = {"h": h, "r": np.maximum(h, 0), "y": np.maximum(h, 0) @ W2}
    held: Any = values
    if form == "npz":
        held = tmp_path / "values.npz"
        np.savez(held, **values)
    elif form == "folder":
        for name, array in values.items():
            np.save(tmp_path / f"{name}.npy", array)
        held = str(tmp_path)
    elif form == "run":
        model.run(X).save(tmp_path / "run")
        held = tmp_path / "run"
    elif form == "layers":
        held = {f"{name}_node": torch.from_numpy(array) for name, array in values.items()}
    for found in (lm.compare(model, held, X), lm.compare(held, model, X), lm.compare(model.run(X), held)):
        assert found.correct, str(found)
    broken = lm.compare(two(w2=W2 + 1), held, X)
    assert broken.first.name == "y_node"
    assert broken["r_node"].correct


def test_expected_values_tell_own_errors_where_they_stand() -> None:
    h = X @ W1
    result = lm.compare(two(W1 + 1), {"h": h, "y": np.maximum(h, 0) @ W2}, X)
    assert [(layer.name, layer.state) for layer in result] == [("h_node", "own"), ("y_node", "inherited")]
    result = lm.compare(two(), {"y": np.zeros((2, 2)), "nothing_like_it": 1}, X)
    assert result.only_a == ("nothing_like_it",)
    assert result.first.name == "y_node"


def test_engines_against_each_other() -> None:
    pytest.importorskip("onnxruntime", reason="the engine stands on onnxruntime")
    model = two()
    result = lm.compare(model, model, X, engine=("torch", "onnxruntime"))
    assert result.correct
    assert len(result.layers) == 4
    assert all(layer.own is not None for layer in result)


def test_bodies_belong_to_the_layer_that_runs_them() -> None:
    class Choice(torch.nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cond(x.sum() > 0, lambda y: y * self.factor, lambda y: -y, (x,)) + 1

    a, b = (lm.open(Choice(factor), example=(torch.from_numpy(X),)) for factor in (2.0, 3.0))
    result = lm.compare(a, b, X)
    assert result.first.op == "cond"
    assert result.layers[-1].state == "inherited"


def test_comparing_changes_no_parameter() -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)).train()
    x = torch.randn(2, 3, 4, 4)
    model = lm.open(module, example=(x,))
    first, second = model.run(x), model.run(x)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    lm.compare(first, second)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_what_is_refused() -> None:
    model = two()
    with pytest.raises(lm.UsageError, match="no input to run"):
        lm.compare(model, model)
    with pytest.raises(lm.UsageError, match="neither of the two"):
        lm.compare({"y": X}, {"y": X})
    with pytest.raises(lm.UsageError, match="cannot compare a Linear"):
        lm.compare(torch.nn.Linear(3, 2), model, X)
    with pytest.raises(lm.UsageError, match="cannot compare a str"):
        lm.compare("model.onnx", model, X)
    with pytest.raises(lm.UsageError, match="rtol"):
        lm.compare(model, model, X, rtol=-1)
    with pytest.raises(lm.InputError):
        lm.compare(model, model, X.astype(np.int64))
    with pytest.raises(lm.UnknownNameError, match="there is no layer 'u'"):
        lm.compare(model, {"u": X}, X)
    with pytest.raises(lm.UnknownNameError):
        lm.compare(model, model, X)["nobody"]


def test_models_that_have_nothing_in_common_are_not_called_equal() -> None:
    other = chain(node("Sigmoid", "x", "s"), node("ReduceSum", "s", "y", keepdims=0))
    result = lm.compare(two(), other, X)
    assert not result.correct
    assert result.first is not None
    more = chain(
        node("MatMul", "x w1", "h"), node("Relu", "h", "r"), node("MatMul", "r w2", "y"), outputs=("y", "r"), w1=W1, w2=W2
    )
    assert not lm.compare(two(), more, X).correct


def test_the_table_of_a_long_model_shows_what_tells_something_and_fits_eighty_columns() -> None:
    def long(place: int) -> lm.Model:
        nodes = [node("Sin", "x" if i == 0 else f"v{i - 1}", f"v{i}") for i in range(300)]
        nodes[place] = node("Cos", f"v{place - 1}", f"v{place}")
        return chain(*nodes, outputs=("v299",))

    result = lm.compare(long(1), long(200), X)
    text = result.table().text(80)
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) < 40
    assert "v200_node" in text
    assert "--full" in text
    assert len(result.table(full=True).rows) == 301


class Structured(torch.nn.Module):
    """Arguments and results in dicts, a layer of several outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.fc = torch.nn.LSTM(4, 6, batch_first=True), torch.nn.Linear(6, 3)

    def forward(self, x: torch.Tensor, more: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        y, (h, _) = self.lstm(x)
        return {"y": self.fc(y) + more["bias"], "h": h}


def structured() -> tuple[lm.Model, lm.Model, Any]:
    """A module's model, one with another weight, and their arguments."""
    torch.manual_seed(0)
    example = (torch.randn(2, 5, 4), {"bias": torch.randn(3)})
    sound = Structured().eval()
    other = copy.deepcopy(sound)
    with torch.no_grad():
        other.fc.weight[0, 0] += 1
    return lm.open(sound, example=example), lm.open(other, example=example), example


def test_modules_of_any_interface_with_their_example_or_other_arguments(tmp_path: Path) -> None:
    a, b, example = structured()
    assert lm.compare(a, b).first.name == "fc/linear"
    assert lm.compare(a, b, example).first.name == "fc/linear"
    a.save(tmp_path / "a.onnx")
    assert lm.compare(a, lm.open(tmp_path / "a.onnx")).correct
    assert lm.compare(b, lm.open(tmp_path / "a.onnx")).first.name == "fc/linear"
    pytest.importorskip("onnxruntime", reason="the engine stands on onnxruntime")
    result = lm.compare(a, a, engine=("torch", "onnxruntime"))
    assert result.correct
    assert result["fc/linear"].own is not None


def test_what_was_not_stored_is_no_cut_but_inputs_and_outputs_always_are() -> None:
    a, b, example = structured()
    result = lm.compare(a.run(*example, store=["fc/*"]), b.run(*example, store=["fc/*"]))
    assert (result.first.name, result.first.state) == ("fc/linear", "own")
    assert result["add"].own.max_abs == 0
    result = lm.compare(a.run(*example, store=False), b.run(*example, store=lm.Store("fc/*", axis=0, index=[0])))
    assert [layer.name for layer in result if layer.state == "own"] == ["add"]  # the stretch that holds the wrong layer
    assert "fc/linear" not in result.matching


def test_a_group_means_its_last_layer_and_loaded_activations_are_expected_values(tmp_path: Path) -> None:
    a, b, example = structured()
    trace = a.run(*example)
    assert lm.compare(a, {"fc": trace["fc/linear"].numpy()}).correct
    assert lm.compare(b, {"fc": trace["fc/linear"]}).first.name == "fc/linear"
    trace.save(tmp_path / "run")
    assert lm.compare(lm.load(tmp_path / "run"), a).correct
    assert lm.compare(b, lm.load(tmp_path / "run")).first.name == "fc/linear"


@settings(max_examples=60)
@given(graphs(max_layers=10), st.integers(0, 2**16))
def test_in_any_graph_the_first_value_that_changes_is_where_a_parameter_was_changed(graph: Graph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = lm.Model(graph=graph)
    x = {value.name: rng.standard_normal((3, SIZE)).astype(np.float32) for value in graph.inputs}
    assert lm.compare(model, copy.deepcopy(model), x).correct
    names = [name for name, parameter in graph.parameters.items() if parameter.is_weight and parameter.size]
    if not names:
        return
    twin = copy.deepcopy(model)
    name = names[int(rng.integers(len(names)))]
    changed = twin.parameters[name]
    changed.assign(changed.numpy() + np.float32(3))
    before, after = model.run(x), twin.run(x)
    odd = [
        e.name for e, o in zip(before.layers, after.layers, strict=True) if not e.inside and not same_values(e.values, o.values)
    ]
    result = lm.compare(model, twin, x)
    assert (result.first.name if result.first else None) == (odd[0] if odd else None)
    assert {layer.name for layer in result if not layer.correct} == set(odd)


def same_values(found: tuple[Any, ...], expected: tuple[Any, ...]) -> bool:
    return all(np.allclose(a, b, 1e-3, 1e-4) for b, a in zip(found, expected, strict=True) if a is not None)

"""What engine="onnxruntime" stores is what each layer made, and stays so."""

import gc

import ml_dtypes
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings

import laminae as lm
from laminae.api.model import Model
from tests.graphs import graphs, inputs, seeds
from tests.shared import NAMES, every_value_by_onnx_runtime, model_expected, model_file, model_input

ORT = {"engine": "onnxruntime"}


def close(a, b, rough=1e-3):
    return a.dtype == b.dtype and a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=rough, atol=rough / 10)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_a_real_model_is_that_of_a_plain_session(name):
    path, x = model_file(name), model_input(name)
    trace = lm.open(path).run(x, **ORT)
    proto = onnx.load(path)
    known = every_value_by_onnx_runtime(proto, {trace.layers[0].name: x})
    assert len(known) > 10
    for value, expected in known.items():
        found = trace.values[value].numpy()
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert trace.compare(model_expected(name))


@settings(max_examples=40)
@given(graph=graphs(), seed=seeds)
def test_every_value_of_a_random_graph_is_engine_torchs(graph, seed):
    model, x = Model(graph=graph), inputs(graph, seed)
    mine, theirs = model.run(*x), model.run(*x, **ORT)
    assert mine.values.keys() == theirs.values.keys()
    assert all(close(value, theirs.values[name]) for name, value in mine.values.items())
    called = model(*x, **ORT)
    called = called if isinstance(called, tuple) else (called,)
    assert all(map(close, called, theirs.outputs.values()))


@settings(max_examples=20)
@given(graph=graphs(), seed=seeds)
def test_nothing_that_happens_later_changes_what_is_stored(graph, seed):
    model, x = Model(graph=graph), inputs(graph, seed)
    trace = model.run(*x, **ORT)
    outputs = model(*x, **ORT)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    before = [value.clone() for value in (*trace.values.values(), *outputs)]
    for parameter in model.parameters.values():
        parameter.tensor().add_(1)
    for array in x:
        array += 1
    model.run(*x, **ORT)
    assert all(map(torch.equal, before, (*trace.values.values(), *outputs)))


def test_a_weight_that_changed_is_followed_however_it_changed():
    model = lm.Model.chain(lm.Input(3), lm.Linear(400, name="a"), lm.Linear(300, name="b"), seed=0)
    x = torch.ones(1, 3)
    weight = model["b"].parameters["b.weight"]

    def follows():
        return close(model(x), model(x, **ORT)) and close(model.run(x)["b"], model.run(x, **ORT)["b"])

    assert follows()
    with torch.no_grad():
        weight.tensor().mul_(2)
    assert follows()
    weight.assign(np.ones(weight.shape, np.float32))
    assert follows()
    lent = weight.numpy()
    assert follows()
    lent[:] = 3
    assert follows()


def test_weights_are_not_copied_unless_onnx_runtime_does():
    model = lm.Model.chain(lm.Input(3), lm.Linear(400, name="a"))
    model(torch.ones(1, 3), **ORT)
    (session,) = model._session.engine_named("onnxruntime")._sessions.values()
    held = {name: value.data_ptr() for name, value in session._weights.items()}
    assert held == {p.name: p.array.data_ptr() for p in model.parameters.values()}


def test_only_what_the_policy_names_is_stored_and_rules_take_their_part():
    path, x = model_file("mnist"), model_input("mnist")
    model = lm.open(path)
    rules = [lm.Store("op:Conv", reduce="mean", dtype="float16"), "op:Relu"]
    mine, theirs = model.run(x, store=rules), model.run(x, store=rules, **ORT)
    assert [e.kept for e in mine.layers] == [e.kept for e in theirs.layers]
    for a, b in zip(mine.layers, theirs.layers, strict=True):
        assert a.kept is False or all(close(v, w, 1e-2) for v, w in zip(a.values, b.values, strict=True))
    conv = next(e for e in theirs.records() if e.op == "Conv")
    assert conv.outputs[0].shape == next(e for e in mine.records() if e.op == "Conv").outputs[0].shape


@pytest.mark.parametrize("name", NAMES)
def test_shapes_of_what_was_not_stored_follow_from_the_inputs(name):
    model, x = lm.open(model_file(name)), model_input(name)
    mine, theirs = model.run(x, store=False).records(), model.run(x, store=False, **ORT).records()
    known = [(a.outputs, b.outputs) for a, b in zip(mine, theirs, strict=True) if b.outputs[0].shape is not None]
    assert len(known) > 0.9 * len(mine)
    assert all(a == b for a, b in known)


def test_bfloat16_comes_back_bit_for_bit():
    model = lm.open(cast_model())
    x = torch.randn(5, 4, dtype=torch.bfloat16)
    trace = model.run(x, **ORT)
    assert torch.equal(trace["wide"], x.float())
    assert trace["narrow"].dtype == torch.bfloat16
    assert torch.equal(trace["narrow"], (x.float() * 2).bfloat16())
    assert torch.equal(trace["x"], x)


def cast_model():
    nodes = [
        onnx.helper.make_node("Cast", ["x"], ["wide"], name="wide", to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Add", ["wide", "wide"], ["twice"], name="twice"),
        onnx.helper.make_node("Cast", ["twice"], ["narrow"], name="narrow", to=onnx.TensorProto.BFLOAT16),
    ]
    return made(nodes, [("x", onnx.TensorProto.BFLOAT16, ["n", 4])], ["narrow"])


def made(nodes, takes, gives, opset=21, **more):
    infos = [onnx.helper.make_tensor_value_info(*x) for x in takes]
    outs = [onnx.helper.make_empty_tensor_value_info(x) for x in gives]
    graph = onnx.helper.make_graph(nodes, "made", infos, outs, **more)
    domains = {"": opset} | {node.domain: 1 for node in nodes if node.domain}
    imports = [onnx.helper.make_opsetid(*x) for x in domains.items()]
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=10)


def test_elements_smaller_than_a_byte_and_texts_go_in_and_come_out():
    x = np.array([[1, -8, 7], [0, 3, -1]], ml_dtypes.int4)
    nodes = [
        onnx.helper.make_node("Cast", ["x"], ["y"], name="y", to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Cast", ["y"], ["z"], name="z", to=onnx.TensorProto.INT4),
    ]
    trace = lm.open(made(nodes, [("x", onnx.TensorProto.INT4, [2, 3])], ["z"])).run(x, **ORT)
    assert trace["y"].tolist() == x.astype(int).tolist()
    assert trace["z"].numpy().astype(int).tolist() == x.astype(int).tolist()
    texts = [onnx.helper.make_node("StringConcat", ["x", "x"], ["y"], name="y")]
    trace = lm.open(made(texts, [("x", onnx.TensorProto.STRING, ["n"])], ["y"])).run(["ab", "é"], **ORT)
    assert trace["y"].tolist() == ["abab", "éé"]


def test_an_operator_that_only_onnx_runtime_has_runs_there():
    nodes = [onnx.helper.make_node("Inverse", ["x"], ["y"], name="y", domain="com.microsoft")]
    model = lm.open(made(nodes, [("x", onnx.TensorProto.FLOAT, [2, 2])], ["y"]))
    x = np.array([[2, 0], [0, 4]], np.float32)
    with pytest.raises(lm.UnknownOperatorError):
        model(x)
    assert model.run(x, **ORT)["y"].tolist() == [[0.5, 0], [0, 0.25]]


def test_a_layer_with_bodies_is_seen_and_its_bodies_are_not():
    inner = [onnx.helper.make_node("Relu", ["x"], ["a"], name="relu")]
    other = [onnx.helper.make_node("Neg", ["x"], ["b"], name="neg")]
    bodies = {
        "then_branch": onnx.helper.make_graph(inner, "t", [], [onnx.helper.make_empty_tensor_value_info("a")]),
        "else_branch": onnx.helper.make_graph(other, "e", [], [onnx.helper.make_empty_tensor_value_info("b")]),
    }
    nodes = [onnx.helper.make_node("If", ["c"], ["y"], name="choice", **bodies)]
    model = lm.open(made(nodes, [("x", onnx.TensorProto.FLOAT, [2]), ("c", onnx.TensorProto.BOOL, [])], ["y"]))
    trace = model.run(np.array([-1, 1], np.float32), np.array(False), **ORT)
    assert trace["choice"].tolist() == [1, -1]
    assert [e.name for e in trace.layers] == ["x", "c", "choice"]


def test_the_whole_pass_has_a_time_and_its_layers_a_dash():
    model = lm.Model.chain(lm.Input(3), lm.Linear(2, name="a"), lm.ReLU(name="b"))
    trace = model.run([[1, 2, 3]], **ORT)
    assert trace.ms > 0
    assert [e.ms for e in trace.layers if not e.is_input] == [None, None]
    assert "engine onnxruntime" in str(trace)
    assert "–" in str(trace)


def test_another_number_of_threads_is_taken_up():
    model = lm.Model.chain(lm.Input(3), lm.Linear(2, name="a"))
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            model([[1, 2, 3]], **ORT)
            (session,) = model._session.engine_named("onnxruntime")._sessions.values()
            assert session.threads == threads
    finally:
        torch.set_num_threads(before)


def test_what_it_gave_outlives_the_model():
    model = lm.Model.chain(lm.Input(3), lm.Linear(5000, name="a"), lm.Linear(2, name="b"), seed=0)
    expected = model.run([[1, 2, 3]])["a"]
    trace, output = model.run([[1, 2, 3]], **ORT), model([[1, 2, 3]], **ORT)
    found = trace["a"]
    before = output.clone()
    del model, trace
    gc.collect()
    torch.randn(1 << 20)
    assert close(found, expected)
    assert torch.equal(output, before)


def test_values_are_ordinary_tensors_whatever_mode_the_caller_is_in():
    model = lm.Model.chain(lm.Input(3), lm.Linear(4, name="a"), seed=0)
    with torch.inference_mode():
        values = [model([[1, 2, 3]], **ORT), model.run([[1, 2, 3]], **ORT)["a"]]
    assert not any(value.is_inference() or value.requires_grad for value in values)
    assert not model.run([[1, 2, 3]], patch=lm.patch.scale("a.weight", 2.0), **ORT).output.requires_grad


def test_an_edit_is_followed():
    model = lm.Model.chain(lm.Input(3), lm.Linear(2, name="a"), seed=0)
    model([[1, 2, 3]], **ORT)
    model.insert(lm.ReLU(name="b"), after="a")
    assert close(model([[1, 2, 3]]), model([[1, 2, 3]], **ORT))
    assert "b" in model.run([[1, 2, 3]], **ORT)

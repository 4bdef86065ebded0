"""Both phases of models of the onnx vocabulary: built ones, and files of every operator set."""

import copy
import pickle

import numpy as np
import onnx
import onnx.reference
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

import laminae as lm

RNG = np.random.default_rng(0)
X = RNG.normal(1.0, 2.0, (6, 3, 4, 4)).astype(np.float32)
STATE = {"scale": [1.5, 1, 0.5], "bias": [0.1, 0, -1], "mean": [0.5, 1, 2], "var": [1, 2, 3]}


def file_of(opset, *, norm=(), drop=(), outputs=1, inputs=("d",), extra=(), nodes=()):
    """x → BatchNormalization → Dropout → y, as a file of that operator set. norm, drop: attributes."""
    names = ["n", "running_mean", "running_var", "saved_mean", "saved_var"][:outputs]
    nodes = [
        *nodes,
        helper.make_node("BatchNormalization", ["x", *STATE], names, "norm", **dict(norm)),
        helper.make_node("Dropout", ["n", *inputs[1:]], ["y"], "drop", **dict(drop)),
    ]
    held = [numpy_helper.from_array(np.array(v, np.float32), k) for k, v in STATE.items()] + list(extra)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 4, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3, 4, 4])
    graph = helper.make_graph(nodes, "g", [x], [y], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def flag(value, name="flag"):
    return numpy_helper.from_array(np.array(value), name)


def ratio(value=0.25):
    return numpy_helper.from_array(np.array(value, np.float32), "ratio")


FILES = {
    "opset 6": file_of(6, norm={"is_test": 1}, drop={"is_test": 1, "ratio": 0.25}),
    "opset 7": file_of(7, drop={"ratio": 0.25}),
    "opset 9": file_of(9, drop={"ratio": 0.25}, norm={"momentum": 0.7}),
    "opset 10": file_of(10, drop={"ratio": 0.25}),
    "opset 12": file_of(12, inputs=("d", "ratio"), extra=[ratio()]),
    "opset 13, said": file_of(13, inputs=("d", "ratio", "flag"), extra=[ratio(), flag(False)]),
    "opset 15": file_of(15, inputs=("d", "ratio"), extra=[ratio()]),
    "opset 15, said": file_of(15, norm={"training_mode": 0}, inputs=("d", "ratio", "flag"), extra=[ratio(), flag(False)]),
    "opset 21, by a Constant": file_of(
        21, inputs=("d", "ratio", "flag"), extra=[ratio()],
        nodes=[helper.make_node("Constant", [], ["flag"], value=flag(False))],
    ),
}  # fmt: skip


def trained(momentum=0.9):
    """What BatchNorm makes of X in training, and the next statistics, by the standard's equations in float64."""
    x = X.astype(np.float64)
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    scale, bias, old_mean, old_var = (np.array(v) for v in STATE.values())
    y = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5) * scale[:, None, None] + bias[:, None, None]
    return y, momentum * old_mean + (1 - momentum) * mean, momentum * old_var + (1 - momentum) * var


@pytest.mark.parametrize("name", FILES)
def test_training_takes_the_batchs_statistics_counts_them_and_drops(name):
    model = lm.open(FILES[name])
    momentum = 0.7 if name == "opset 9" else 0.9
    evaluated = model(X)
    assert not model.training
    model.train()
    assert model.training
    torch.manual_seed(0)
    trace = model.run(X)
    y, mean, var = trained(momentum)
    np.testing.assert_allclose(trace.values["n"], y, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.parameters["mean"].numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(model.parameters["var"].numpy(), var, rtol=1e-5)
    torch.manual_seed(0)
    assert torch.equal(trace["drop"], torch.nn.functional.dropout(trace.values["n"], 0.25, True))
    again = model.eval()(X)
    assert not torch.equal(again, evaluated)  # the statistics have moved
    for box, values in STATE.items():
        model.parameters[box].assign(np.array(values, np.float32))
    assert torch.equal(model(X), evaluated)


@pytest.mark.parametrize("name", FILES)
def test_into_training_and_back_is_the_same_model(name):
    model, other = lm.open(FILES[name]), lm.open(FILES[name])
    model.train().eval()
    assert model.differences(other) == []


@pytest.mark.parametrize("name", ["opset 6", "opset 12", "opset 15", "opset 15, said", "opset 21, by a Constant"])
def test_saved_in_training_a_file_trains(name, tmp_path):
    """The reference evaluator computes BatchNorm as the file says; opened again it is in that phase, and has the other."""
    model = lm.open(FILES[name]).train()
    model.save(tmp_path / "t.onnx")
    proto = onnx.load(tmp_path / "t.onnx")
    onnx.checker.check_model(proto)
    assert not any(node.domain for node in proto.graph.node)
    again = lm.open(tmp_path / "t.onnx")
    assert again.training
    if int(name.split()[1].strip(",")) >= 14:
        proto.graph.node[[n.name for n in proto.graph.node].index("drop")].input[0] = "n"
        proto.graph.output[0].name = "n"
        (found, *_) = onnx.reference.ReferenceEvaluator(proto).run(None, {"x": X})
        np.testing.assert_allclose(found, trained()[0], rtol=1e-4, atol=1e-5)
    assert torch.equal(again.eval()(X), lm.open(FILES[name])(X))


@pytest.mark.parametrize("name", ["opset 7", "opset 10"])
def test_where_the_standard_has_no_dropout_that_drops_saving_says_so(name, tmp_path):
    model = lm.open(FILES[name]).train()
    with pytest.raises(lm.FileError, match=r"(?s)'drop' drops.*model\.eval"):
        model.save(tmp_path / "t.onnx")
    model.eval().save(tmp_path / "e.onnx")
    assert torch.equal(lm.open(tmp_path / "e.onnx")(X), model(X))


def test_what_the_model_itself_decides_stays_its_own():
    """training_mode that is an input, statistics that are computed."""
    proto = file_of(15, inputs=("d", "", "mode"))
    proto.graph.input.append(helper.make_tensor_value_info("mode", TensorProto.BOOL, []))
    proto.graph.node[0].input[3] = "computed"
    proto.graph.node.insert(0, helper.make_node("Neg", ["mean"], ["computed"], "neg"))
    model = lm.open(proto)
    graph = model.graph
    assert model.train().graph is graph


def test_a_model_without_such_layers_has_both_phases_and_one_graph():
    model = lm.Model.chain(lm.Input(3), lm.Linear(2))
    graph = model.graph
    assert model.train().training
    assert not model.eval().training
    assert model.graph is graph


def small():
    return lm.Model.chain(
        lm.Input((3, 4, 4), name="x"), lm.BatchNorm(name="norm"), lm.Dropout(0.5, name="drop"), lm.Flatten(), lm.Linear(2), seed=0
    )


def test_edits_go_along_from_phase_to_phase():
    model = small().train()
    model.insert(lm.ReLU(), after="norm", name="added")
    model.rename("norm", "renamed")
    model.eval()
    assert "added" in model
    assert model["renamed"].attributes.get("training_mode", 0) == 0
    before = model(X)
    model.train()(X)
    assert not torch.equal(model.eval()(X), before)


def test_copies_and_pickles_keep_their_phase_and_have_the_other():
    model = small()
    wanted = model(X)
    for twin in (copy.copy(model.train()), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.training
        assert torch.equal(twin.eval()(X), wanted)


def test_a_backward_pass_of_a_training_phase_moves_statistics_once():
    model = small().train()
    mean = model.parameters["norm.running_mean"]
    trace = model.run(X, backward=True)
    once = mean.tensor().clone()
    assert not torch.equal(once, torch.zeros(3))
    expected = torch.zeros(6, 2)
    trace.backward("mse", expected)
    assert torch.equal(mean.tensor(), once)
    model.run(X).backward("mse", expected)  # runs again
    np.testing.assert_allclose(mean.numpy(), 0.9 * once + 0.1 * X.mean((0, 2, 3)), rtol=1e-5)


def test_samples_that_a_batchnorm_mixes_have_no_loss_of_their_own():
    for name in ("opset 6", "opset 9", "opset 15"):
        model = lm.open(FILES[name]).train()
        with pytest.raises(lm.UsageError, match="mixes the samples"):
            model.run(X, backward=True).backward("mse", torch.zeros(6, 3, 4, 4), per_sample=True)


@pytest.mark.parametrize("name", ["opset 9", "opset 12", "opset 15, said"])
def test_weights_saved_in_one_phase_are_loaded_in_the_other(name, tmp_path):
    model, other = lm.open(FILES[name]).train(), lm.open(FILES[name])
    model(X)
    model.save(tmp_path / "w.safetensors")
    other.load(tmp_path / "w.safetensors")
    assert torch.equal(other(X), model.eval()(X))
    other.train().load(tmp_path / "w.safetensors")


def test_samples_have_losses_of_their_own_through_dropout():
    """Each draws for itself; together they are as one where nothing is dropped."""
    model = lm.Model.chain(lm.Input(6), lm.Linear(8, name="a"), lm.Dropout(0.5), lm.Linear(2, name="b"), seed=0).train()
    x, expected = RNG.normal(size=(32, 6)).astype(np.float32), torch.zeros(32, 2)
    found = model.run(x, backward=True).backward("mse", expected, per_sample=True)
    assert found.weights["b.weight"].shape == (32, 2, 8)
    kept = (found.weights["b.weight"] != 0).any(1).float().mean()
    assert 0.3 < float(kept) < 0.7


def test_fit_learns_in_the_one_phase_and_measures_in_the_other():
    model = small()
    x, y = X.repeat(4, 0), np.zeros(24, np.int64)
    history = lm.fit(model, (x, y), loss="cross_entropy", epochs=2, batch=8, validation=(X, y[:6]))
    assert not model.training
    assert float(model.parameters["norm.running_mean"].tensor().abs().max()) > 0
    assert history["validation"][-1] == pytest.approx(float(torch.nn.functional.cross_entropy(model(X), torch.zeros(6).long())))


def test_dropout_drops_its_share():
    model = lm.Model.chain(lm.Input(10_000), lm.Dropout(0.3)).train()
    torch.manual_seed(0)
    y = model(np.ones((1, 10_000), np.float32))
    assert float((y == 0).float().mean()) == pytest.approx(0.3, abs=0.02)
    assert float(y.mean()) == pytest.approx(1.0, abs=0.03)


def test_a_training_trace_is_not_gone_on_from_and_says_why():
    trace = lm.open(FILES["opset 15"]).train().run(X)
    with pytest.raises(lm.PatchError, match="a training phase changes it in every run"):
        trace.resume({"norm": trace["norm"]})


def test_as_a_torch_module_and_by_the_other_engine():
    """A module of a model in training counts too; ONNX Runtime has no training, and says so."""
    model = lm.open(FILES["opset 15"])
    wanted = model(X)
    np.testing.assert_allclose(model.eval()(X, engine="onnxruntime"), wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(lm.EngineError, match="writes to a buffer"):
        model.train()(X, engine="onnxruntime")
    torch.manual_seed(0)
    ours = model(X)
    torch.manual_seed(0)
    assert torch.equal(lm.open(FILES["opset 15"]).train().to_torch()(torch.tensor(X)), ours)

"""Files that others wrote: which of their numbers learn, what comes apart, and what stays one."""

import warnings

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

import laminae as lm
from tests.learn.exports import exported, opened

RNG = np.random.default_rng(0)


def held(**arrays):
    return [numpy_helper.from_array(np.asarray(a, np.float32), name) for name, a in arrays.items()]


def ints(**arrays):
    return [numpy_helper.from_array(np.asarray(a, np.int64), name) for name, a in arrays.items()]


def file_of(nodes, weights, shape=("batch", 4), dtype=TensorProto.FLOAT, opset=21, **more):
    x = helper.make_tensor_value_info("x", dtype, list(shape))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(
        [helper.make_node(*node[:3], node[3], **(node[4] if len(node) > 4 else {})) for node in nodes], "g", [x], [y], weights
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9, **more)


def learning(model):
    with lm.stepper(model, "mse", "sgd", output=0) as step:
        return set(step.weights)


def random(*shape):
    return RNG.normal(size=shape)


# -- what learns -------------------------------------------------------------------------------------------------------


def test_weights_learn_and_numbers_of_formulas_do_not():
    """A product of matrices with its bias, a gelu and a normalisation in single steps, after the data were brought to scale."""
    nodes = [
        ("Sub", ["x", "mean"], ["c"], "centre"), ("Div", ["c", "std"], ["s"], "scale"),
        ("MatMul", ["s", "w"], ["m"], "product"), ("Add", ["m", "b"], ["a"], "bias"),
        ("Mul", ["a", "half"], ["h"], "half"), ("Div", ["a", "root"], ["r"], "root"), ("Erf", ["r"], ["e"], "erf"),
        ("Add", ["e", "one"], ["e1"], "one"), ("Mul", ["h", "e1"], ["g"], "gelu"),
        ("ReduceMean", ["g", "axes"], ["mu"], "mu"), ("Sub", ["g", "mu"], ["z"], "z"), ("Mul", ["z", "z"], ["zz"], "zz"),
        ("ReduceMean", ["zz", "axes"], ["v"], "v"), ("Add", ["v", "epsilon"], ["ve"], "ve"), ("Sqrt", ["ve"], ["sd"], "sd"),
        ("Div", ["z", "sd"], ["n"], "n"), ("Mul", ["n", "gamma"], ["ng"], "gamma"), ("Add", ["ng", "beta"], ["nb"], "beta"),
        ("Clip", ["nb", "low", "high"], ["k"], "clip"), ("Cast", ["half_w"], ["wide"], "wide", {"to": 1}),
        ("MatMul", ["k", "wide"], ["y"], "last"),
    ]  # fmt: skip
    weights = held(
        mean=[1, 2, 3, 4], std=[1, 2, 1, 2], w=random(4, 3), b=random(3), half=0.5, root=2**0.5, one=1.0, epsilon=[1e-5],
        gamma=random(3), beta=random(3), low=-3.0, high=3.0,
    ) + ints(axes=[-1]) + [numpy_helper.from_array(random(3, 2).astype(np.float16), "half_w")]  # fmt: skip
    model = lm.open(file_of(nodes, weights))
    assert learning(model) == {"w", "b", "gamma", "beta", "half_w"}
    told = str(model.learns())
    for name, why in (
        ("mean", "scales the input"),
        ("half", "a single number"),
        ("epsilon", "a single number"),
        ("low", "a single number"),
    ):
        assert any(line.split()[0] == name and why in line for line in told.splitlines() if line.strip()), name


def test_bias_of_one_element_learns_and_what_is_asked_for():
    nodes = [("MatMul", ["x", "w"], ["m"], "m"), ("Add", ["m", "b"], ["a"], "a"), ("Mul", ["a", "scale"], ["y"], "s")]
    proto = file_of(nodes, held(w=random(4, 1), b=[0.5], scale=2.0))
    assert learning(lm.open(proto)) == {"w", "b"}
    with lm.stepper(lm.open(proto), "mse", "sgd", learn=["scale"], freeze=["w"]) as step:
        assert set(step.weights) == {"b", "scale"}
        step(np.ones((2, 4), np.float32), torch.zeros(2, 1))
    with pytest.raises(lm.UnknownNameError, match="scal"):
        lm.stepper(lm.open(proto), "mse", "sgd", learn=["scal"])


def test_masks_frequencies_and_first_states_do_not_learn():
    nodes = [
        ("MatMul", ["x", "w"], ["s"], "scores"), ("Add", ["s", "mask"], ["m"], "masked"), ("Softmax", ["m"], ["p"], "p"),
        ("Mul", ["p", "frequencies"], ["f"], "f"), ("Sin", ["f"], ["sin"], "sin"), ("Cos", ["f"], ["cos"], "cos"),
        ("Add", ["sin", "cos"], ["sc"], "sc"), ("Add", ["sc", "position"], ["y"], "position"),
    ]  # fmt: skip
    mask = np.where(np.tri(4) > 0, 0, -np.inf)
    model = lm.open(file_of(nodes, held(w=random(4, 4), mask=mask, frequencies=random(4), position=random(4)), shape=(4, 4)))
    assert learning(model) == {"w", "position"}


def test_quantised_weights_stay_with_their_scales():
    nodes = [("DequantizeLinear", ["q", "s"], ["w"], "dq"), ("MatMul", ["x", "w"], ["m"], "m"), ("Add", ["m", "b"], ["y"], "a")]
    quantised = numpy_helper.from_array(np.ones((4, 3), np.int8), "q")
    assert learning(lm.open(file_of(nodes, [*held(s=0.1, b=random(3)), quantised]))) == {"b"}


def test_parameters_and_buffers_are_what_the_exporter_says(tmp_path):
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.out = torch.nn.Parameter(torch.tensor(2.0)), torch.nn.Linear(4, 3)
            self.register_buffer("table", torch.randn(4))

        def forward(self, x):
            return self.out((x * self.scale).relu() + self.table)

    model = opened(Scaled(), torch.randn(2, 4), tmp_path / "m.onnx")
    assert learning(model) == {"scale", "out.weight", "out.bias"}


def test_computed_weights_are_said(tmp_path):
    """PyTorch's exporter turns weights of products beforehand: they learn under its name, and the table says of what."""
    model = opened(torch.nn.Sequential(torch.nn.Linear(4, 3)), torch.randn(2, 5, 4), tmp_path / "m.onnx")
    (name,) = learning(model) - {"0.bias"}
    assert f"{name} from 0.weight" in str(model.learns())


def test_a_folded_batchnorm_is_said(tmp_path):
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten(), torch.nn.Linear(72, 3))
    model = opened(module.eval(), torch.randn(2, 1, 8, 8), tmp_path / "m.onnx")
    assert "folded in, a BatchNorm most likely, as it ran in evaluation: 0.weight, 0.bias." in " ".join(
        str(model.learns()).split()
    )
    assert learning(model) == {"0.weight", "0.bias", "3.weight", "3.bias"}


def test_constants_learn_where_the_file_has_its_weights_among_them(tmp_path):
    nodes = [
        ("Constant", [], ["w"], "cw", {"value": numpy_helper.from_array(random(4, 3).astype(np.float32))}),
        ("Constant", [], ["b"], "cb", {"value": numpy_helper.from_array(random(3).astype(np.float32))}),
        ("Constant", [], ["two"], "c2", {"value_float": 2.0}),
        ("MatMul", ["x", "w"], ["m"], "m"), ("Add", ["m", "b"], ["a"], "a"), ("Mul", ["a", "two"], ["y"], "s"),
    ]  # fmt: skip
    proto = file_of(nodes, [])
    model, x = lm.open(proto), RNG.normal(size=(2, 4)).astype(np.float32)
    wanted = model(x)
    with pytest.warns(UserWarning, match="Constants of the file learn as parameters: w, b"):
        assert learning(model) == {"w", "b"}
    assert torch.equal(model(x), wanted)
    model.save(tmp_path / "new.onnx")
    assert learning(lm.open(tmp_path / "new.onnx")) == {"w", "b"}
    priors = file_of(
        [*nodes[:1], ("MatMul", ["x", "v"], ["m"], "m"), ("Add", ["m", "b"], ["y"], "a"), nodes[1]][1:], held(v=random(4, 3))
    )
    assert learning(lm.open(priors)) == {"v"}


# -- what is one -------------------------------------------------------------------------------------------------------


class Fresh(torch.nn.Module):
    """Norms that begin equal, an embedding that is the head as well, a block that is gone through twice."""

    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(11, 8)
        self.block = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.LayerNorm(8))
        torch.nn.init.zeros_(self.block[0].bias)
        self.norm1, self.norm2 = torch.nn.LayerNorm(8), torch.nn.LayerNorm(8)

    def forward(self, ids):
        x = self.words(ids)
        x = self.block(self.block(x).relu())
        return self.norm2(self.norm1(x) * 2) @ self.words.weight.T


def names_of(module):
    return {name for name, _ in module.named_parameters()}


@pytest.mark.filterwarnings("ignore:Equal weights", "ignore:Weights that")
@pytest.mark.parametrize("tied", [None, True, False, "names"])
def test_what_was_merged_comes_apart_and_what_is_one_stays(tied, tmp_path):
    """Each norm has its own again, under the name that the module gave it; one step moves them as the module's."""
    torch.manual_seed(0)
    module, x = Fresh(), torch.randint(0, 11, (2, 5))
    model = opened(module, x, tmp_path / "m.onnx", tied=["*.bias"] if tied == "names" else tied)
    target = torch.randn(2, 5, 11)
    with lm.stepper(model, "mse", lm.optimizer("sgd", lr=0.1)) as step:
        weights = set(step.weights)
        step(x, target)
    norms = {n for n in names_of(module) if "norm" in n or n.startswith("block.1")}
    scales = {n for n in norms if n.endswith("weight")}
    if tied is True:
        assert weights & norms == {"block.1.weight"}
        return
    if tied == "names":
        assert weights & norms == scales
        return
    assert norms <= weights, sorted(weights)
    assert ("permute" in weights) is (tied is False)
    if tied is None:
        torch.nn.functional.mse_loss(module(x), target).backward()
        for name, weight in module.named_parameters():
            if name in model.parameters:
                torch.testing.assert_close(
                    model.parameters[name].tensor(), weight.detach() - 0.1 * weight.grad, rtol=1e-5, atol=1e-6
                )


def test_it_is_said_once_and_the_model_computes_the_same(tmp_path):
    model = opened(Fresh(), torch.randint(0, 11, (2, 5)), tmp_path / "m.onnx")
    x = torch.randint(0, 11, (2, 5))
    wanted, parameters = model(x), set(model.parameters)
    assert "norm" in str(model.learns())
    assert set(model.parameters) == parameters  # looking changes nothing
    with pytest.warns(UserWarning, match="Equal weights.*tied="):
        model.train()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.train()
        lm.stepper(model, "mse", "sgd").close()
    torch.testing.assert_close(model.eval()(x), wanted)
    model.save(tmp_path / "new.onnx")
    session = ort.InferenceSession(str(tmp_path / "new.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    again = lm.open(tmp_path / "new.onnx")
    assert set(again.parameters) == set(model.parameters)


def test_fresh_batchnorms_count_their_own_statistics():
    """Zeros that are means and biases of two layers, stored once; ones that are variances and scales."""
    nodes = [
        ("BatchNormalization", ["x", "ones", "zeros", "zeros", "ones"], ["a"], "first"), ("Relu", ["a"], ["r"], "relu"),
        ("BatchNormalization", ["r", "ones", "zeros", "zeros", "ones"], ["y"], "second"),
    ]  # fmt: skip
    x = RNG.normal(2, 3, (8, 3)).astype(np.float32)
    model = lm.open(file_of(nodes, held(ones=np.ones(3), zeros=np.zeros(3)), shape=("batch", 3)))
    with pytest.warns(UserWarning, match="zeros .4."):
        model.train()
    assert learning(model) == {"ones", "zeros", "second.weight", "second.bias"}
    first = model.run(x).values["a"].numpy()
    means = {name: model.graph.index.by_name[name].inputs[3].numpy() for name in ("first", "second")}
    np.testing.assert_allclose(means["first"], 0.1 * x.mean(0), rtol=1e-4)
    np.testing.assert_allclose(means["second"], 0.1 * np.maximum(first, 0).mean(0), rtol=1e-4)


def test_names_that_an_exporter_gave_by_identities_come_back():
    nodes = [
        ("Identity", ["bn1.bias"], ["bn2.bias"], "same"),
        ("BatchNormalization", ["x", "s1", "bn1.bias", "m1", "v1"], ["a"], "one"),
        ("BatchNormalization", ["a", "s2", "bn2.bias", "m2", "v2"], ["y"], "two"),
    ]  # fmt: skip
    own = {name: random(3) for name in ("s1", "s2", "m1", "m2")} | {name: np.ones(3) for name in ("v1", "v2")}
    model = lm.open(file_of(nodes, held(**own, **{"bn1.bias": np.zeros(3)}), shape=("batch", 3)))
    with pytest.warns(UserWarning, match="Equal weights"):
        assert learning(model) == {"s1", "s2", "bn1.bias", "bn2.bias"}


def test_models_that_say_what_is_one_are_believed(tmp_path):
    """Built ones, and what they were saved as."""
    shared = lm.Linear(4, bias=np.zeros(4), weight=np.ones((4, 4)), name="shared")
    x = lm.Input(4)
    model = lm.Model(x, shared(lm.ReLU()(shared(x))))
    model.save(tmp_path / "m.onnx")
    for one in (model, lm.open(tmp_path / "m.onnx")):
        assert learning(one) == {"shared.weight", "shared.bias"}


def test_tied_is_for_files():
    with pytest.raises(lm.UsageError, match="tied="):
        lm.open(torch.nn.Linear(2, 2), example=(torch.ones(1, 2),), tied=True)


def test_a_file_by_itself_is_not_changed_by_looking(tmp_path):
    path = exported(Fresh(), torch.randint(0, 11, (2, 5)), tmp_path / "m.onnx")
    model = lm.open(path)
    model.learns()
    model.run(torch.randint(0, 11, (2, 5)), backward=True).backward("mse", torch.zeros(2, 5, 11))
    assert model.differences(lm.open(path)) == []
    assert onnx.load(path).producer_name == "pytorch"


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE])
def test_weights_of_every_float_learn_behind_a_cast(dtype):
    """Each moves by its derivative, rounded to its own dtype."""
    weight = helper.make_tensor("w", dtype, [4, 3], random(4, 3).ravel())
    nodes = [
        ("Cast", ["w"], ["c"], "c", {"to": 1}),
        ("Transpose", ["c"], ["t"], "t"),
        ("Gemm", ["x", "t"], ["y"], "m", {"transB": 1}),
    ]
    model, x = lm.open(file_of(nodes, [weight])), RNG.normal(size=(5, 4)).astype(np.float32)
    before = model.parameters["w"].tensor().detach().clone()
    with lm.stepper(model, lm.loss.mse("sum"), lm.optimizer("sgd", lr=0.01)) as step:
        step(x, torch.zeros(5, 3))
    wanted = before.float() - 0.01 * torch.tensor(x).T @ (2 * torch.tensor(x) @ before.float())
    torch.testing.assert_close(model.parameters["w"].tensor().float(), wanted, rtol=2e-2, atol=2e-2)
    assert not torch.equal(model.parameters["w"].tensor(), before)

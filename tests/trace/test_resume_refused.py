"""A trace of other weights, or of a model edited since, is not gone on from: the error names what has changed."""

import numpy as np
import onnx.parser
import pytest
import torch

import laminae as lm
from tests.trace.test_bodies import BRANCH

X = np.ones((2, 4), np.float32)


def model():
    return lm.Model.chain(lm.Input(4, name="x"), lm.Linear(6, name="a"), lm.ReLU(name="b"), lm.Linear(2, name="c"), seed=0)


def in_place(m):
    m.parameters["a.weight"].tensor().mul_(2)


def one_element(m):
    m.parameters["a.weight"].tensor()[0, 0] += 1


def assigned(m):
    m.parameters["a.weight"].assign(np.zeros((6, 4), np.float32))


def through_numpy(m):
    m.parameters["a.weight"].numpy()[0, 0] += 1


def another_array(m):
    m.parameters["a.weight"].array = torch.ones(6, 4)


def under_no_grad(m):
    with torch.no_grad():
        m.parameters["a.weight"].tensor().add_(1)


@pytest.mark.parametrize("change", [in_place, one_element, assigned, through_numpy, another_array, under_no_grad])
@pytest.mark.parametrize("store", [True, False])
def test_a_changed_weight_is_named(change, store):
    m = model()
    trace = m.run(X, store=store)
    trace.resume(lm.patch.zero("b"))
    resumed = trace.resume(lm.patch.zero("b"))
    change(m)
    for one in (trace, resumed):
        with pytest.raises(lm.PatchError, match=r"'a\.weight' has changed") as error:
            one.resume(lm.patch.zero("b"))
        assert "model.run" in str(error.value)
    m.run(X).resume(lm.patch.zero("b"))


def test_a_weight_that_was_only_looked_at_has_not_changed():
    for look_first in (True, False):
        m = model()
        if look_first:
            looked = m.parameters["a.weight"].numpy()
        trace = m.run(X)
        looked = m.parameters["a.weight"].numpy()
        np.asarray(m.parameters["c.weight"])
        trace.resume(lm.patch.zero("b"))
        looked[0, 0] += 1
        with pytest.raises(lm.PatchError, match=r"'a\.weight' has changed"):
            trace.resume(lm.patch.zero("b"))


def test_the_modules_own_training_step_is_seen():
    module = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2)).eval()
    x = torch.ones(2, 4)
    m = lm.open(module, example=(x,))
    trace = m.run(x)
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    module(x).sum().backward()
    optimizer.step()
    with pytest.raises(lm.PatchError, match="have changed") as error:
        trace.resume(lm.patch.zero("1/relu"))
    assert "0.weight" in str(error.value)
    assert "and 1 more" in str(error.value)


def test_loaded_weights_and_another_device_count_as_changes(tmp_path):
    m = model()
    m.save(tmp_path / "w.safetensors")
    trace = m.run(X)
    m.load(tmp_path / "w.safetensors")
    with pytest.raises(lm.PatchError, match="have changed"):
        trace.resume(lm.patch.zero("b"))


def test_a_weight_inside_a_body_is_named():
    text = BRANCH.replace("a = Relu(h)", "w = Constant<value_floats = [1.0, 2.0]>()  a = Mul(h, w)")
    proto = onnx.parser.parse_model(text)
    then = next(a for n in proto.graph.node for a in n.attribute if a.name == "then_branch").g
    then.initializer.append(onnx.numpy_helper.from_array(np.ones(2, np.float32), "inner"))
    then.node[-1].input[1] = "inner"
    m = lm.open(proto)
    x = np.array([-1, 2], np.float32)
    for up in (True, False):
        trace = m.run(x, up)
        trace.resume(lm.patch.scale("h", 2.0))
        inner = next(p for _, g in m.graph.graphs() for p in g.parameters.values() if p.name == "inner")
        inner.tensor().add_(1)
        with pytest.raises(lm.PatchError, match="'inner' has changed"):
            trace.resume(lm.patch.scale("h", 2.0))


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m.insert(lm.Sigmoid(name="s"), after="b"), lambda m: m.remove("b"), lambda m: m.rename("b", "z"),
        lambda m: m.replace("c", lm.Linear(3)),
    ],
)  # fmt: skip
def test_an_edited_model_is_said_to_be_edited(edit):
    m = model()
    trace = m.run(X)
    edit(m)
    with pytest.raises(lm.PatchError, match="edited since"):
        trace.resume(lm.patch.zero("c"))


def test_a_trace_of_a_training_phase_with_statistics_that_change():
    """BatchNorm's own statistics are other ones after the run: going on from it says so, naming them."""
    module = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU())
    x = torch.randn(5, 4)
    m = lm.open(module.train(), example=(x,))
    trace = m.run(x)
    with pytest.raises(lm.PatchError, match="running_mean") as error:
        trace.resume(lm.patch.zero("0/linear"))
    assert "a training phase changes it in every run" in str(error.value)
    assert "model.eval()" in str(error.value)
    m.eval()
    trace = m.run(x)
    trace.resume(lm.patch.zero("0/linear"))
    module.train()(x)
    with pytest.raises(lm.PatchError, match="running_mean"):
        trace.resume(lm.patch.zero("0/linear"))


def test_patching_never_counts_as_a_change_itself():
    m = model()
    trace = m.run(X)
    m.run(X, patch=lm.patch.scale("a.weight", 2.0))
    trace.resume(lm.patch.scale("a.weight", 2.0)).resume(lm.patch.zero("b"))
    m(X)
    trace.resume(lm.patch.zero("b"))

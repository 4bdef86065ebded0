"""Copies and pickles of a model that was read from a module: the module goes along, over the same tensors as the graph."""

import copy
import pickle
import subprocess
import sys
import warnings
from dataclasses import dataclass

import pytest
import torch
from torch import nn

import laminae as lm

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.drop, self.head = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.fc.weight
        self.plain = torch.tensor([1.0, 2.0, 3.0, 4.0])

    def forward(self, x):
        return self.head(self.drop(self.norm(self.tied(self.fc(x)) * self.plain)))


def opened():
    torch.manual_seed(0)
    module = Net().eval()
    return module, lm.open(module, example=(X,))


def pickled(model):
    return pickle.loads(pickle.dumps(model))


WAYS = [copy.deepcopy, pickled]


def module_of(model):
    """The module a model is over: the one whose parameters train() switches."""
    return model._phases.source.module


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_has_both_phases_the_example_and_a_module_of_its_own(way):
    module, model = opened()
    twin = way(model)
    assert torch.equal(twin(X), module(X).detach())
    assert torch.equal(twin.example["x"], X)
    held = module_of(twin)
    assert held is not module
    for name, tensor in held.named_parameters():
        assert twin.parameters[name].array is tensor
        assert tensor is not module.get_parameter(name)
    assert held.tied.weight is held.fc.weight
    assert twin.parameters["plain"].array is held.plain
    twin.train()
    assert (twin.training, held.training, model.training, module.training) == (True, True, False, False)
    torch.manual_seed(3)
    found = twin(X)
    torch.manual_seed(3)
    assert torch.equal(found, module.train()(X).detach())
    assert torch.equal(held.norm.running_mean, module.norm.running_mean)
    assert twin.eval().equals(way(twin))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_trained_in_a_copy_is_not_trained_in_the_model(way):
    module, model = opened()
    before, twin = model(X), way(model)
    optimizer = torch.optim.SGD(twin.to_torch().parameters(), lr=0.1)
    twin.run(X, backward=True).output.square().mean().backward()
    optimizer.step()
    assert not torch.equal(twin(X), before)
    assert torch.equal(twin(X), module_of(twin)(X).detach())
    assert torch.equal(model(X), before)
    assert torch.equal(module(X).detach(), before)


@pytest.mark.parametrize("way", [*WAYS, copy.copy])
def test_edits_are_in_the_copy_and_those_made_later_in_one_only(way):
    _, model = opened()
    model.replace("head", lm.Linear(3), seed=1)
    twin = way(model)
    assert torch.equal(twin(X), model(X))
    twin.remove("drop")
    twin.replace("head", lm.Linear(1), seed=2)
    assert model(X).shape == (5, 3)
    for phase in (True, False):
        twin.train(phase)
        model.train(phase)
        assert twin(X).shape == (5, 1)
        assert model(X).shape == (5, 3)


def test_a_module_and_its_model_copied_together_stay_together():
    module, model = opened()
    copies = copy.deepcopy({"model": model, "module": module})
    assert module_of(copies["model"]) is copies["module"]
    copies = copy.deepcopy({"module": module, "model": model})
    assert copies["model"].parameters["head.bias"].array is copies["module"].head.bias
    together = pickle.loads(pickle.dumps([module, model]))
    assert module_of(together[1]) is together[0]
    assert together[1].parameters["head.bias"].array is together[0].head.bias


def test_a_shallow_copy_is_over_the_same_module():
    module, model = opened()
    twin = copy.copy(model)
    assert twin.parameters["fc.weight"] is model.parameters["fc.weight"]
    assert module_of(twin) is module


def test_copying_says_nothing():
    _, model = opened()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickled(model)
        copy.deepcopy(model)


def test_a_module_that_cannot_be_pickled_is_left_out_and_the_model_says_why():
    class Local(nn.Module):
        def forward(self, x):
            return x * 2

    model = lm.open(Local(), example=(X,))
    with pytest.warns(UserWarning, match="cannot be pickled"):
        twin = pickled(model)
    assert torch.equal(twin(X), X * 2)
    assert twin.example is None
    for again in (twin, pickled(twin)):
        with pytest.raises(lm.UsageError, match="pickled without its module") as error:
            again.train()
        assert "Local" in str(error.value)


def test_a_module_that_cannot_be_copied_is_an_error():
    class Stubborn(nn.Module):
        def __deepcopy__(self, memo):
            raise TypeError("not this one")

        def forward(self, x):
            return x * 2

    with pytest.raises(lm.UsageError, match="cannot be copied") as error:
        copy.deepcopy(lm.open(Stubborn(), example=(X,)))
    assert "not this one" in str(error.value)


@dataclass
class Pair:
    left: torch.Tensor
    right: torch.Tensor


class Paired(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return Pair(self.drop(x), x)


def test_a_pickle_opens_in_another_process(tmp_path):
    model = lm.open(Paired().eval(), example=(X,))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    code = (
        "import pickle, sys, torch; model = pickle.load(open(sys.argv[1], 'rb'));"
        "made = model(torch.ones(5, 4)); print(type(made).__name__, made.left.sum().item(), model.train().training)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.pkl"], capture_output=True, text=True, check=False, timeout=120, cwd="."
    )
    assert done.stdout.split() == ["Pair", "20.0", "True"], done.stderr

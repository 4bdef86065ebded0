"""The state of an edited model: what the edited model has, and what no edit has touched; nothing of what was taken out."""

import pytest
import torch
from torch import nn

import laminae as lm

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.head = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)
        self.unused = nn.Linear(2, 2)
        self.register_buffer("scale", torch.ones(4), persistent=False)

    def forward(self, x):
        return self.head(self.norm(self.fc(x)) * self.scale)


def opened(kind=Net, example=X):
    torch.manual_seed(0)
    module = kind().eval()
    return module, lm.open(module, example=(example,))


def state(model, folder):
    """The names in the state_dict of the module given back, which are those of the saved weights."""
    names = sorted(model.to_torch().state_dict())
    model.save(folder / "w.safetensors")
    from safetensors.torch import load_file

    assert sorted(load_file(folder / "w.safetensors")) == names
    return names


UNTOUCHED = ["unused.bias", "unused.weight"]


@pytest.mark.parametrize("phase", [False, True])
def test_what_is_replaced_and_removed_is_in_no_state(phase, tmp_path):
    module, model = opened()
    model.train(phase)
    model.replace("head", lm.Linear(3), seed=1)
    model.remove("norm")
    assert state(model, tmp_path) == ["fc.bias", "fc.weight", "head.bias", "head.weight", *UNTOUCHED]
    back = model.to_torch()
    assert back.head.weight.shape == (3, 4)
    assert back.fc.weight is module.fc.weight
    assert torch.equal(back(X).detach(), model(X))
    model.train(not phase)
    assert state(model, tmp_path) == ["fc.bias", "fc.weight", "head.bias", "head.weight", *UNTOUCHED]


def test_without_edits_the_state_is_the_modules(tmp_path):
    module, model = opened()
    assert state(model, tmp_path) == sorted(module.state_dict())
    model.rename("head/linear", "answer")
    model.insert(after="fc", layer=lm.ReLU())
    assert state(model, tmp_path) == sorted(module.state_dict())


def test_a_plain_module_takes_the_state_of_one_with_the_same_layers(tmp_path):
    _, model = opened()
    model.replace("head", lm.Linear(3), seed=1)
    expected = Net()
    expected.head = nn.Linear(4, 3)
    expected.load_state_dict(model.to_torch().state_dict(), strict=True)
    assert torch.equal(expected.eval()(X).detach(), model(X))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(7, 4), nn.Linear(4, 7, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, ids):
        return self.out(self.embed(ids))


def test_a_tied_weight_stays_under_the_names_of_what_still_reads_it(tmp_path):
    ids = torch.tensor([1, 2])
    module, model = opened(Tied, ids)
    model.replace("out", lm.Linear(3, name="out"), seed=1)
    found = model.to_torch().state_dict()
    assert sorted(found) == ["embed.weight", "out.bias", "out.weight"]
    assert found["out.weight"].shape == (3, 4)
    assert found["embed.weight"].data_ptr() == module.embed.weight.data_ptr()


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.last = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.last(self.one(self.one(x)))


def test_a_weight_that_another_layer_reads_stays(tmp_path):
    _, model = opened(Shared)
    model.remove("one#2")
    assert state(model, tmp_path) == ["last.bias", "last.weight", "one.bias", "one.weight"]
    model.remove("one#1")
    assert state(model, tmp_path) == ["last.bias", "last.weight"]

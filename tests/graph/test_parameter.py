"""Boxes of tensors: written in place, copied and pickled with what they learn."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import laminae as lm
from laminae.graph import Parameter

WAYS = {"copied": copy.deepcopy, "pickled": lambda x: pickle.loads(pickle.dumps(x)), "own copy": Parameter.copy}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("kind", [nn.Parameter, torch.Tensor.requires_grad_])
def test_a_copy_is_a_leaf_of_its_own_that_learns_as_the_original_does(way, kind, learns):
    box = Parameter("w", kind(torch.ones(2), learns), metadata={"k": "v"}, doc="text")
    twin = WAYS[way](box)
    assert (twin.name, twin.dtype, twin.shape, twin.metadata, twin.doc) == ("w", "float32", (2,), {"k": "v"}, "text")
    assert type(twin.array) is type(box.array)
    assert (twin.array.requires_grad, twin.array.is_leaf) == (learns, True)
    twin.assign(np.zeros(2, np.float32))
    assert box.array.tolist() == [1, 1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("array", [np.ones(2), np.array(["a"], object), lm.Model.chain(lm.Input(2), lm.Linear(2)).parameters])
def test_numpys_arrays_are_copied(way, array):
    array = array if isinstance(array, np.ndarray) else next(iter(array.values())).array
    twin = WAYS[way](Parameter("w", array))
    assert twin.array is not array
    np.testing.assert_array_equal(twin.array, array)


def test_a_tensor_is_assigned_in_place():
    tensor = nn.Parameter(torch.zeros(2, 2))
    box = Parameter("w", tensor)
    version = tensor._version
    box.assign(np.ones((2, 2), np.float32))
    assert box.array is tensor
    assert tensor.tolist() == [[1, 1], [1, 1]]
    assert tensor.is_leaf
    assert tensor.requires_grad
    assert tensor._version > version


def test_whoever_has_the_memory_of_a_tensor_sees_what_is_assigned():
    box = Parameter("w", torch.zeros(2))
    seen = box.numpy()
    box.assign(torch.ones(2))
    assert seen.tolist() == [1, 1]
    assert box.lent


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)
        self.b.weight = self.a.weight

    def forward(self, x: torch.Tensor, by: int = 2) -> dict[str, torch.Tensor]:
        return {"y": self.b(self.a(x)) * by}


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
@pytest.mark.parametrize("way", ["copied", "pickled"])
def test_a_modules_model_is_copied_with_parameters_of_its_own(way):
    module, x = Named().eval(), torch.ones(1, 2)
    model = lm.open(module, example=(x,))
    twin = WAYS[way](model)
    assert torch.equal(twin(x)["y"], model(x)["y"])
    for name, box in twin.parameters.items():
        assert isinstance(box.array, nn.Parameter)
        assert box.array is not model.parameters[name].array
    before = twin(x)["y"]
    with torch.no_grad():
        module.a.weight.zero_()
    assert torch.equal(twin(x)["y"], before)

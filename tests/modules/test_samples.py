"""Small modules, each with a trait of its own: results, updated buffers, derivatives, and back again as an nn.Module."""

import pytest
import torch

import laminae as lm
from tests.modules.held import Held, equal, same
from tests.modules.samples import EXPECTED_FAILURES, SAMPLES

REFUSED = {**EXPECTED_FAILURES, "mapped": "torch.vmap inside a module leaves no operators of its own"}
FUSED = ("encoder",)
"""Modules that torch runs another way where no gradients are asked for."""


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - REFUSED.keys()))
def test_a_module_is_exact(name):
    module, args, kwargs = SAMPLES[name]()
    held = Held(module, args, kwargs)
    wanted = held.of(module, grad=name in FUSED)
    after = {n: t.detach().clone() for n, t in held.tensors().items()}
    held.reset()  # a module may put other tensors in the place of its buffers: `to_torch` takes those that are there
    for call in (held.model, lambda *a, **k: held.model.run(*a, **k).output, held.model.to_torch()):
        assert equal(
            wanted, torch.utils._pytree.tree_map_only(torch.Tensor, torch.Tensor.detach, held.of(call, grad=name in FUSED))
        )
        assert all(same(after[n], t) for n, t in held.tensors().items()), "buffers after the run"
    expected, found = held.gradients(module), held.gradients(held.trained)
    assert expected.keys() == found.keys()
    assert all(same(expected[n], found[n]) for n in expected)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_is_refused_shortly(name):
    module, args, kwargs = SAMPLES[name]()
    with pytest.raises(lm.LaminaeError) as error:
        lm.open(module, example=args, kwargs=kwargs)
    assert len(str(error.value)) < 1200


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - REFUSED.keys()))
def test_the_state_of_the_module_given_back_is_the_same(name):
    module, args, kwargs = SAMPLES[name]()
    back = lm.open(module, example=args, kwargs=kwargs).to_torch()
    state, other = module.state_dict(keep_vars=True), back.state_dict(keep_vars=True)
    assert sorted(state) == sorted(other)
    assert all(other[name].data_ptr() == tensor.data_ptr() for name, tensor in state.items())
    assert {n for n, _ in module.named_parameters()} == {n for n, _ in back.named_parameters()}


def test_data_dependent_control_flow_names_the_line_and_the_ways_out():
    module, args, kwargs = SAMPLES["branch"]()
    with pytest.raises(lm.ExportError) as error:
        lm.open(module, example=args, kwargs=kwargs)
    text = str(error.value)
    assert "control_flow.py, line" in text
    assert "condition     x.sum() > 0\n" in text
    assert "torch.cond" in text

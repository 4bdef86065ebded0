"""Every layer of torch.nn: exact, or listed with the reason."""

import pytest

import laminae as lm
from tests.modules.held import Held, equal, same
from tests.modules.torch_nn import NOT_LAYERS, torch_nn_layers, uncovered

IMPOSSIBLE = {
    "LazyLinear:uninitialized": "it has no weights before its first call",
    "GaussianNLLLoss": "it looks whether a variance is negative, and raises by its value",
    "CTCLoss": "torch.export cannot tell the size of its result",
    "CTCLoss:tensor-lengths": "torch.export cannot tell the size of its result",
    "CrossMapLRN2d": "it writes into a tensor it has resized",
    "AdaptiveLogSoftmaxWithLoss": "it sorts the samples by their targets: sizes depend on values",
}
"""Layers that torch.export cannot hold, and why."""

LAST_BITS = {
    "ELU:inplace": "torch differentiates it from its result where it works in place",
    "CELU:inplace": "likewise",
    "SELU:inplace": "likewise",
}
"""Layers whose derivatives have other last bits, and why."""

LAYERS = torch_nn_layers()


def test_all_of_torch_nn_is_here():
    assert not uncovered()
    assert all(NOT_LAYERS.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_layer_is_exact(name):
    module, args, kwargs = LAYERS[name]
    if name in IMPOSSIBLE:
        with pytest.raises(lm.LaminaeError):
            lm.open(module, example=args, kwargs=kwargs)
        return
    held = Held(module, args, kwargs)
    fused = name.startswith("TransformerEncoder") and not module.training  # without gradients torch takes another way
    assert equal(held.of(module, grad=fused), held.of(held.model)), "model(x)"
    assert equal(held.of(module, grad=True), held.of(held.trained, grad=True)), "with derivatives"
    expected, found = held.gradients(module), held.gradients(held.trained)
    assert expected.keys() == found.keys()
    assert all(same(expected[n], found[n]) for n in expected) or name in LAST_BITS

"""Derivatives of each sample against torch, one sample at a time."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from tests.learn.modules import ids, made


@pytest.mark.parametrize("name", ["mlp", "cnn", "transformer", "lstm"])
def test_each_samples_derivatives_are_those_of_it_alone(name):
    module, batch = made(name)
    module.eval()
    x, expected = batch(), ids()
    model = lm.open(module, example=(x,), dynamic=(x[:3],))
    back = model.run(x, backward=True).backward("cross_entropy", expected, per_sample=True)
    for i in range(len(x)):
        module.zero_grad()
        loss = F.cross_entropy(module(x[i : i + 1]), expected[i : i + 1])
        loss.backward()
        torch.testing.assert_close(back.samples.losses[i], loss.detach())
        for key, parameter in module.named_parameters():
            torch.testing.assert_close(back.weights[key][i], parameter.grad, msg=key)


def test_clipped_each_is_at_most_that_long():
    module, batch = made("mlp")
    x, expected = batch(), ids()
    samples = lm.open(module, example=(x,)).run(x).backward("cross_entropy", expected, per_sample=True).samples
    norms = torch.stack([torch.cat([g[i].flatten() for g in samples.weights.values()]).norm() for i in range(len(x))])
    torch.testing.assert_close(samples.norms, norms)
    bound = float(norms.median())
    wanted = sum(samples.weights["0.weight"][i] * min(1.0, bound / float(norms[i])) for i in range(len(x))) / len(x)
    torch.testing.assert_close(samples.clipped(bound)["0.weight"], wanted, rtol=1e-4, atol=1e-7)


def test_of_a_built_model():
    model = lm.Model.chain(lm.Input(3, name="L1"), lm.Linear(1, name="L2"), seed=0)
    x, y = torch.randn(4, 3), torch.randn(4, 1)
    back = model.run(x).backward("mse", y, per_sample=True)
    wanted = (2 * (model(x) - y))[:, :, None] * x[:, None, :]
    torch.testing.assert_close(back.weights["L2.weight"].reshape(4, 1, 3), wanted)


def test_layers_that_mix_samples_are_named():
    module, batch = made("cnn")
    x = batch()
    with pytest.raises(lm.UsageError, match=r"batch_norm.*mixes"):
        lm.open(module, example=(x,)).run(x).backward("cross_entropy", ids(), per_sample=True)


def test_a_model_of_one_batch_size_says_how_to_open_it():
    module, batch = made("transformer")
    module.eval()
    x = batch()
    with pytest.raises(lm.UsageError, match="dynamic="):
        lm.open(module, example=(x,)).run(x).backward("cross_entropy", ids(), per_sample=True)

"""Derivatives of each sample against torch, one sample at a time."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from laminae.learn.by_layers import _known
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


class Tokens(torch.nn.Module):
    """Attention over tokens with samples second, positions that all samples share, a kernel that is turned round before it is used."""

    def __init__(self):
        super().__init__()
        self.words, self.places = torch.nn.Embedding(11, 16), torch.nn.Embedding(9, 16)
        self.norm, self.mix = torch.nn.LayerNorm(16), torch.nn.Parameter(torch.randn(16, 16) / 4)
        self.conv, self.out = torch.nn.Conv1d(16, 8, 3, padding=1, groups=2), torch.nn.Linear(8, 5)

    def forward(self, ids):
        h = self.words(ids) + self.places(torch.arange(9))
        h = self.norm(h).transpose(0, 1)
        h = h + torch.tanh(torch.nn.functional.linear(h, self.mix)) @ self.mix.t()
        h = self.conv(h.permute(1, 2, 0)).transpose(1, 2)
        h = torch.nn.functional.scaled_dot_product_attention(h, h, h)
        return self.out(h.mean(1))


class Mixed(torch.nn.Module):
    """Each sample has the mean of all taken from it: none is what it is alone."""

    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(6, 16), torch.nn.Linear(16, 5)

    def forward(self, x):
        h = self.a(x)
        return self.b(torch.tanh(h - h.mean(0, keepdim=True) * 0.5))


OTHERS = {"tokens": (Tokens, lambda: torch.randint(0, 11, (8, 9))), "mixed": (Mixed, lambda: torch.randn(8, 6))}


@pytest.mark.parametrize(("name", "quickly"), [("tokens", True), ("mixed", False)])
@pytest.mark.parametrize("loss", ["cross_entropy", lm.loss.cross_entropy(smoothing=0.1, weights=[1.0, 2, 3, 4, 5])])
def test_layer_by_layer_only_where_samples_are_apart(name, quickly, loss):
    torch.manual_seed(0)
    module, batch = OTHERS[name][0]().eval(), OTHERS[name][1]
    x, expected = batch(), ids()
    model = lm.open(module, example=(x,), dynamic=(x[:3],))
    for _ in range(2):  # the second time on what the first has found out
        back = model.run(x, backward=True).backward(loss, expected, per_sample=True)
        criterion = torch.nn.CrossEntropyLoss(
            **({} if loss == "cross_entropy" else {"label_smoothing": 0.1, "weight": torch.arange(1.0, 6)})
        )
        for i in range(len(x)):
            module.zero_grad()
            value = criterion(module(x[i : i + 1]), expected[i : i + 1])
            value.backward()
            torch.testing.assert_close(back.samples.losses[i], value.detach())
            for key, parameter in module.named_parameters():
                torch.testing.assert_close(back.weights[key][i], parameter.grad, msg=key)
    assert [axes is not None for axes in _known[model.graph].values()] == [quickly]


class Reader(torch.nn.Module):
    def __init__(self, **more):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, **more)
        self.out = torch.nn.Linear(8 if more.get("bidirectional") else 4, 5)
        self.first = bool(more.get("batch_first"))

    def forward(self, x):
        y, (h, c) = self.lstm(x if self.first else x.transpose(0, 1))
        y = y if self.first else y.transpose(0, 1)
        return self.out(y.mean(1) + torch.cat([h[-1] * c[-1]] * (y.shape[2] // 4), 1))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(
    "more", [{"batch_first": True}, {"num_layers": 2, "bias": False}, {"num_layers": 3, "batch_first": True}]
)
def test_of_an_lstm(more, bidirectional):
    torch.manual_seed(0)
    module, x, expected = Reader(bidirectional=bidirectional, **more), torch.randn(8, 7, 3), ids()
    model = lm.open(module, example=(x,), dynamic=(x[:3],))
    back = model.run(x, backward=True).backward("cross_entropy", expected, per_sample=True)
    assert all(_known[model.graph].values())
    for i in range(len(x)):
        module.zero_grad()
        F.cross_entropy(module(x[i : i + 1]), expected[i : i + 1]).backward()
        for key, parameter in module.named_parameters():
            torch.testing.assert_close(back.weights[key][i], parameter.grad, msg=key, rtol=1e-4, atol=1e-6)


def test_derivatives_of_samples_move_neither_torchs_generator_nor_the_model():
    module, batch = made("lstm")
    x, expected = batch(), ids()
    trace = lm.open(module.eval(), example=(x,), dynamic=(x[:3],)).run(x)
    before, draws = {k: v.clone() for k, v in module.state_dict().items()}, torch.get_rng_state()
    trace.backward("cross_entropy", expected, per_sample=True)
    assert torch.equal(torch.get_rng_state(), draws)
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in module.parameters())


def test_clipped_each_is_at_most_that_long():
    module, batch = made("mlp")
    x, expected = batch(), ids()
    samples = lm.open(module, example=(x,)).run(x).backward("cross_entropy", expected, per_sample=True).samples
    norms = torch.stack([torch.cat([g[i].flatten() for g in samples.weights.values()]).norm() for i in range(len(x))])
    torch.testing.assert_close(samples.norms, norms)
    bound = float(norms.median())
    wanted = sum(samples.weights["0.weight"][i] * min(1.0, bound / float(norms[i])) for i in range(len(x))) / len(x)
    torch.testing.assert_close(samples.clipped(bound)["0.weight"], wanted, rtol=1e-4, atol=1e-7)


def test_the_table_has_the_means():
    module, batch = made("mlp")
    x, expected = batch(), ids()
    model = lm.open(module, example=(x,))
    samples = model.run(x, backward=True).backward("cross_entropy", expected, per_sample=True)
    whole = model.run(x, backward=True).backward("cross_entropy", expected)
    pairs = zip(samples.records(), whole.records(), strict=True)
    for a, b in ((a, b) for one, other in pairs for a, b in zip(one.weights, other.weights, strict=True)):
        assert (a.name, a.norm) == (b.name, pytest.approx(b.norm, rel=1e-5))


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

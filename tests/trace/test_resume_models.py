"""Small models of the usual kinds, as modules and as ONNX: patched and resumed anywhere they are, bit for bit, the whole patched run."""

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

import laminae as lm
from tests.trace.patches import assert_same_bits

pytestmark = pytest.mark.slow

PLACES = 4
"""Layers of each model that are patched, spread over it."""


class Residual(nn.Module):
    """ResNet's operators."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2)
        )
        self.block = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Conv2d(8, 8, 3, padding=1)
        )
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.block(x)
        y += x
        return self.head(torch.relu_(y).mean((2, 3)))


class Patches(nn.Module):
    """A vision transformer's operators."""

    def __init__(self):
        super().__init__()
        self.cut, self.token = nn.Conv2d(3, 16, 4, stride=4), nn.Parameter(torch.randn(1, 1, 16))
        self.norm, self.qkv, self.out = nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 16)
        self.mlp = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))

    def forward(self, x):
        x = self.cut(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
        q, k, v = (t.unflatten(-1, (4, 4)).transpose(1, 2) for t in (q, k, v))
        x = x + self.out(nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return (x + self.mlp(x))[:, 0]


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(6, 8, 2, batch_first=True, bidirectional=True), nn.Linear(16, 3)

    def forward(self, x):
        y, (h, _) = self.lstm(x)
        return self.head(torch.tanh(y[:, -1])), h


class Bare(nn.Module):
    """A transformers model that gives its last hidden states."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        return self.model(ids).last_hidden_state


def bert():
    transformers = pytest.importorskip("transformers")
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32, "intermediate_size": 64}
    return Bare(transformers.BertModel(transformers.BertConfig(vocab_size=50, max_position_embeddings=16, **sizes)))


def gpt2():
    transformers = pytest.importorskip("transformers")
    return Bare(
        transformers.GPT2Model(
            transformers.GPT2Config(n_layer=2, n_head=4, n_embd=32, vocab_size=50, n_positions=16, use_cache=False)
        )
    )


MODULES = {
    "resnet": (Residual, lambda: torch.randn(2, 3, 16, 16)), "vit": (Patches, lambda: torch.randn(2, 3, 16, 16)),
    "lstm": (Recurrent, lambda: torch.randn(2, 5, 6)), "bert": (bert, lambda: torch.randint(0, 50, (2, 8))),
    "gpt2": (gpt2, lambda: torch.randint(0, 50, (2, 8))),
}  # fmt: skip


@cache
def module_of(name):
    torch.manual_seed(0)
    make, example = MODULES[name]
    return make().eval(), example()


@cache
def model_of(name, vocabulary):
    module, x = module_of(name)
    model = lm.open(module, example=(x,))
    if vocabulary == "onnx":
        pytest.importorskip("onnxscript")
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder) / "m.onnx")
            model = lm.open((Path(folder) / "m.onnx").read_bytes())
    return model, {model.input_layers[0].name: x}


def places(model, trace):
    """Layers to patch, spread over the model, whose first output is of floats."""
    floats = [e.name for e in trace if not e.inside and isinstance(e.values[0], torch.Tensor) and e.values[0].is_floating_point()]
    return [floats[i] for i in np.linspace(0, len(floats) - 1, PLACES).astype(int)]


STORES = [
    True,
    False,
    lambda names: names[::2],
    lambda names: [lm.Store(names[0], reduce="mean"), lm.Store("all", every=2, dtype="bf16")],
]


@pytest.mark.parametrize("vocabulary", ["torch", "onnx"])
@pytest.mark.parametrize("name", MODULES)
def test_resuming_anywhere_under_any_policy_equals_the_whole_patched_run(name, vocabulary):
    model, x = model_of(name, vocabulary)
    trace = model.run(**x)
    chosen = places(model, trace)
    for i, layer in enumerate(chosen):
        value = trace[layer] if isinstance(trace[layer], torch.Tensor) else trace[layer][0]
        first = [lm.patch.scale(layer, -0.5, axis=-1, index=[0, -1]), lm.patch.zero(layer), lm.patch.replace(layer, torch.randn(value.shape)),
                 lm.patch.mean(layer, over=-1)][i % 4]  # fmt: skip
        second = lm.patch.add(chosen[-1 - i], 0.25)
        store = STORES[i % len(STORES)]
        store = store(chosen) if callable(store) else store
        once = model.run(**x, store=store).resume(first)
        assert_same_bits(once._record, model.run(**x, store=store, patch=first)._record)
        assert_same_bits(once.resume(second)._record, model.run(**x, store=store, patch=[first, second])._record)
    assert_same_bits(trace._record, model.run(**x)._record)


@pytest.mark.parametrize("vocabulary", ["torch", "onnx"])
@pytest.mark.parametrize("name", MODULES)
def test_every_layers_own_value_in_its_place_gives_the_same_trace(name, vocabulary):
    model, x = model_of(name, vocabulary)
    trace = model.run(**x)
    own = [
        lm.patch.replace(e.name, v, output=i)
        for e in trace
        if not e.inside
        for i, v in enumerate(e.values)
        if isinstance(v, torch.Tensor)
    ]
    assert_same_bits(model.run(**x, patch=own)._record, trace._record)
    for patch in own[:: max(1, len(own) // PLACES)]:
        assert_same_bits(trace.resume(patch)._record, trace._record)


@pytest.mark.parametrize("name", MODULES)
def test_a_replaced_value_is_what_a_hook_that_replaces_it_gives_the_module(name):
    """The module itself, a hook giving another output in the place of its last child but one."""
    module, example = module_of(name)
    model, x = model_of(name, "torch")
    leaf = {
        "resnet": "block.3",
        "vit": "mlp.1",
        "bert": "model.encoder.layer.1.intermediate.dense",
        "gpt2": "model.h.1.mlp.c_fc",
        "lstm": "head",
    }[name]
    group = leaf.replace(".", "/")
    value = {}
    child = module.get_submodule(leaf)
    handle = child.register_forward_hook(lambda m, i, out: value.setdefault("put", out * 0.5 + 1).clone())
    with torch.no_grad():
        expected = module(example)
    handle.remove()
    found = model.run(**x, patch=lm.patch.replace(group, value["put"])).output
    flat = [found, *()] if isinstance(found, torch.Tensor) else list(found)
    for a, b in zip(flat, [expected] if isinstance(expected, torch.Tensor) else expected, strict=True):
        assert torch.equal(a, b)

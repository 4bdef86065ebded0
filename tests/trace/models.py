"""Models of the usual kinds in both vocabularies: small ones of their operators, and the sizes that people run."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import pytest
import torch
from torch import nn

import laminae as lm


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
    """A transformers model that gives one tensor: its last hidden states, or its logits."""

    def __init__(self, model, output="last_hidden_state"):
        super().__init__()
        self.model, self.output = model, output

    def forward(self, x):
        return self.model(x)[self.output]


def small(kind):
    tf = pytest.importorskip("transformers")
    if kind == "bert":
        sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32, "intermediate_size": 64}
        return Bare(tf.BertModel(tf.BertConfig(vocab_size=50, max_position_embeddings=16, **sizes)))
    sizes = {"n_layer": 2, "n_head": 4, "n_embd": 32, "vocab_size": 50, "n_positions": 16}
    return Bare(tf.GPT2Model(tf.GPT2Config(use_cache=False, **sizes)))


def full(kind):
    """Random weights in the sizes that are run: 26, 22, 11 and 124 million of them."""
    tf = pytest.importorskip("transformers")
    sizes = {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536}
    if kind == "resnet50":
        return Bare(tf.ResNetForImageClassification(tf.ResNetConfig()), "logits")
    if kind == "vit-small":
        return Bare(tf.ViTForImageClassification(tf.ViTConfig(num_hidden_layers=12, **sizes)), "logits")
    if kind == "bert-6L-384":
        return Bare(tf.BertModel(tf.BertConfig(num_hidden_layers=6, **sizes)))
    return Bare(tf.GPT2LMHeadModel(tf.GPT2Config(use_cache=False)), "logits")


class Sequences(nn.Module):
    """A two-layer LSTM of 256."""

    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(256, 256, 2, batch_first=True), nn.Linear(256, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0])


SMALL = {
    "resnet": (Residual, lambda: torch.randn(2, 3, 16, 16)), "vit": (Patches, lambda: torch.randn(2, 3, 16, 16)),
    "lstm": (Recurrent, lambda: torch.randn(2, 5, 6)), "bert": (lambda: small("bert"), lambda: torch.randint(0, 50, (2, 8))),
    "gpt2": (lambda: small("gpt2"), lambda: torch.randint(0, 50, (2, 8))),
}  # fmt: skip

FULL = {
    "resnet50": (lambda: full("resnet50"), lambda: torch.randn(1, 3, 224, 224)),
    "vit-small": (lambda: full("vit-small"), lambda: torch.randn(1, 3, 224, 224)),
    "lstm-256": (Sequences, lambda: torch.randn(1, 64, 256)),
    "bert-6L-384": (lambda: full("bert-6L-384"), lambda: torch.randint(0, 1000, (1, 64))),
    "gpt2-124M": (lambda: full("gpt2"), lambda: torch.randint(0, 1000, (1, 64))),
}  # fmt: skip

NAMES = [*SMALL, *(pytest.param(name, marks=pytest.mark.long) for name in FULL)]
VOCABULARIES = ("torch", "onnx")


@lru_cache(len(SMALL) + 1)
def module_of(name):
    """The module, in evaluation, and an input."""
    torch.manual_seed(0)
    make, example = (SMALL | FULL)[name]
    return make().eval(), example()


@lru_cache(len(SMALL) + 1)
def onnx_of(name):
    """The bytes of its ONNX form."""
    pytest.importorskip("onnxscript")
    with tempfile.TemporaryDirectory() as folder:
        model_of(name, "torch")[0].save(Path(folder) / "m.onnx")
        return (Path(folder) / "m.onnx").read_bytes()


@lru_cache(2 * len(SMALL) + 2)
def model_of(name, vocabulary):
    """The model, and its input by name."""
    module, x = module_of(name)
    model = lm.open(module, example=(x,)) if vocabulary == "torch" else lm.open(onnx_of(name))
    return model, {model.input_layers[0].name: x}

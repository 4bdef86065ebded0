"""Models as PyTorch's exporters write them: every value beside ONNX Runtime's, every shape known before the run."""

import warnings

import numpy as np
import onnx
import pytest
import torch
from torch import nn

import laminae as lm
from tests.shared import every_value_by_onnx_runtime

pytestmark = pytest.mark.slow


class Residual(nn.Module):
    """A convolutional network with a residual block, pools and a resize."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(), nn.MaxPool2d(2)
        )
        self.block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=4), nn.BatchNorm2d(8), nn.Hardswish())
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        x = self.up(torch.relu(self.block(x) + x))
        return torch.softmax(self.head(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)), -1)


class Transformer(nn.Module):
    """Embeddings, two encoder layers, a causal mask: BERT's and GPT's operators."""

    def __init__(self, causal):
        super().__init__()
        self.words, self.places, self.causal = nn.Embedding(50, 16), nn.Embedding(32, 16), causal
        self.layers = nn.ModuleList(nn.ModuleDict({"norm": nn.LayerNorm(16), "qkv": nn.Linear(16, 48), "out": nn.Linear(16, 16),
                                                   "mlp": nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 16))})
                                    for _ in range(2))  # fmt: skip

    def forward(self, ids):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        for layer in self.layers:
            q, k, v = layer["qkv"](layer["norm"](x)).unflatten(-1, (3, 4, 4)).permute(2, 0, 3, 1, 4)
            attended = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
            x = x + layer["out"](attended.transpose(1, 2).flatten(2))
            x = x + layer["mlp"](x)
        return x @ self.words.weight.T


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(32, 8, batch_first=True)

    def forward(self, x):
        return self.gru(self.lstm(x)[0])[0][:, -1]


CASES = {
    "residual": (Residual, lambda: torch.randn(2, 3, 32, 32)),
    "bert": (lambda: Transformer(causal=False), lambda: torch.randint(0, 50, (2, 7))),
    "gpt": (lambda: Transformer(causal=True), lambda: torch.randint(0, 50, (2, 7))),
    "recurrent": (Recurrent, lambda: torch.randn(3, 5, 8)),
}


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
@pytest.mark.parametrize("name", CASES)
def test_every_value_of_an_exported_model(name, dynamo, tmp_path):
    torch.manual_seed(0)
    make, example = CASES[name]
    module, x = make().eval(), example()
    path = tmp_path / "m.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), path, dynamo=dynamo, opset_version=18, **({"verbose": False} if dynamo else {}))
    model = lm.open(path)
    trace = model.run(x)
    (feed,) = (v.name for v in model.graph.inputs)
    theirs = every_value_by_onnx_runtime(onnx.load(path), {feed: x.numpy()})
    for value, expected in theirs.items():
        np.testing.assert_allclose(trace.values[value].numpy(), expected, rtol=1e-3, atol=1e-5, err_msg=value)
    torch.testing.assert_close(trace.output, module(x).detach(), rtol=1e-3, atol=1e-5)
    for record, entry in zip(model.records(), trace.layers, strict=True):
        assert [o.shape for o in record.outputs] == [tuple(v.shape) for v in entry.values if v is not None], record.name
    assert model.groups, "the module paths are groups"

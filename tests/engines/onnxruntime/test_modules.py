"""PyTorch modules by engine="onnxruntime": through their ONNX form, every value that both have being the module's own."""

import pytest
import torch
import transformers
from torch import nn

import laminae as lm

ORT = {"engine": "onnxruntime"}


class Block(nn.Module):
    """A residual whose last layer is a Dropout: the group's value and the sum's are two."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.drop = nn.Linear(8, 16), nn.Linear(16, 8), nn.Dropout()

    def forward(self, x):
        return x + self.drop(self.second(torch.relu(self.first(x))))


class Residual(nn.Module):
    """What the Dropout passes on is read by others too."""

    def __init__(self):
        super().__init__()
        self.first, self.drop = nn.Linear(8, 8), nn.Dropout()

    def forward(self, x):
        x = self.first(x)
        return x + self.drop(x)


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.count += 1
        return x * 2


def blocks():
    torch.manual_seed(0)
    return nn.Sequential(Block(), Block()).eval(), (torch.randn(3, 8),), {}


def bert():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        num_hidden_layers=2, num_attention_heads=2, hidden_size=16, intermediate_size=32, vocab_size=99
    )
    return transformers.BertModel(config).eval(), (), {"input_ids": torch.randint(0, 99, (2, 9))}


def images():
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 5)]
    return nn.Sequential(*layers).eval(), (torch.randn(2, 3, 8, 8),), {}


def close(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and torch.allclose(a.double(), b.double(), rtol=1e-3, atol=1e-4)


def outputs_close(a, b):
    return all(map(close, a.outputs.values(), b.outputs.values()))


@pytest.mark.parametrize("made", [blocks, bert, images])
def test_every_value_that_the_onnx_form_has_is_the_modules(made):
    module, args, named = made()
    model = lm.open(module, example=args, kwargs=named)
    mine, theirs = model.run(*args, **named), model.run(*args, **named, **ORT)
    kept = [(a, b) for a, b in zip(mine.layers, theirs.layers, strict=True) if b.kept]
    assert len(kept) > 0.7 * len(mine.layers)
    for a, b in kept:
        assert all(close(x, y) for x, y in zip(a.values, b.values, strict=True) if torch.is_tensor(x)), a.name
    assert type(model(*args, **named, **ORT)) is type(module(*args, **named))


@pytest.mark.parametrize("made", [blocks, bert, images])
def test_a_patch_of_any_layer_gives_what_engine_torch_gives_or_is_refused(made):
    module, args, named = made()
    model = lm.open(module, example=args, kwargs=named)
    mine, theirs = model.run(*args, **named), model.run(*args, **named, **ORT)
    floats = [e for e in mine.layers if not e.is_input and torch.is_tensor(e.output) and e.output.is_floating_point()]
    refused = []
    for entry in floats[:: max(1, len(floats) // 12)]:
        patch = lm.patch.scale(entry.name, 0.5)
        expected = mine.resume(patch)
        if not theirs.layers[entry.index - 1].kept:
            refused.append(entry.name)
            with pytest.raises(lm.EngineError, match=entry.name):
                model.run(*args, **named, patch=patch, **ORT)
            continue
        assert outputs_close(expected, theirs.resume(patch)), entry.name
        assert outputs_close(expected, model.run(*args, **named, patch=patch, store=False, **ORT)), entry.name
    assert len(refused) < 6


def test_a_layer_that_only_passes_on_is_patched_alone():
    module, args, _ = blocks()
    model = lm.open(module, example=args)
    for patch in (lm.patch.zero("0/drop"), {"0/drop": torch.ones(3, 8)}):
        mine, theirs = model.run(*args, patch=patch), model.run(*args, patch=patch, **ORT)
        assert outputs_close(mine, theirs)
        assert outputs_close(mine, model.run(*args, **ORT).resume(patch))
        before, after = mine["0/second/linear"], theirs["0/second/linear"]
        assert close(before, after)
        assert close(mine["0/drop"], theirs["0/drop"])


def test_where_others_read_what_it_passes_on_a_patch_is_refused():
    torch.manual_seed(0)
    model = lm.open(Residual().eval(), example=(torch.randn(3, 8),))
    x = torch.randn(3, 8)
    trace = model.run(x, **ORT)
    assert close(trace["drop"], trace["first"])
    for patch in (lm.patch.zero("drop"), {"drop": torch.ones(3, 8)}):
        with pytest.raises(lm.EngineError, match="drop"):
            model.run(x, patch=patch, **ORT)
        with pytest.raises(lm.EngineError, match="drop"):
            trace.resume(patch)
    mine = model.run(x).resume(lm.patch.scale("first", 2.0))
    assert outputs_close(mine, trace.resume(lm.patch.scale("first", 2.0)))


def test_what_has_no_value_there_is_not_stored_and_says_why():
    module, args, named = bert()
    model = lm.open(module, example=args, kwargs=named)
    trace = model.run(**named, **ORT)
    lost = next(e for e in trace.layers if not e.kept)
    with pytest.raises(lm.UnknownNameError, match="ONNX form"):
        trace[lost.name]
    assert "by its ONNX form" in " ".join(str(trace.table()).split()), "wherever the line is broken"
    assert all(value is not None for value in trace.values.values())


def test_weights_that_learn_are_followed():
    module, args, _ = blocks()
    model = lm.open(module, example=args)
    model(*args, **ORT)
    with torch.no_grad():
        module[0].first.weight.mul_(3)
    assert close(model(*args, **ORT), module(*args))


def test_a_buffer_that_is_written_to_is_refused():
    model = lm.open(Counting(), example=(torch.ones(3),))
    with pytest.raises(lm.EngineError, match="buffer"):
        model(torch.ones(3), **ORT)


def test_a_size_that_varies_varies():
    module, args, _ = blocks()
    model = lm.open(module, example=args, dynamic={"input": {0: "batch"}})
    x = torch.randn(7, 8)
    assert close(model(x, **ORT), module(x))
    assert close(model.run(x, **ORT)["0/first/linear"], model.run(x)["0/first/linear"])

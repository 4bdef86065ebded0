"""A module and its exports agree layer by layer, whoever exported it and however the layers are called; a fault in one is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

import laminae as lm
from tests.compare.models import EXPORTED, exported, module, quiet

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def export(name: str, how: str, folder: Path) -> Path:
    if how == "save":
        made, x = module(name)
        path = folder / "saved.onnx"
        lm.open(made, example=(x,)).save(path)
        return path
    if how == "optimised":
        return exported(name, folder, dynamo=True, folded=True)
    return exported(name, folder, dynamo=how == "plain")


@pytest.mark.parametrize("how", ["save", "older", "plain", "optimised"])
@pytest.mark.parametrize("name", EXPORTED)
def test_every_layer_of_the_export_agrees_with_the_modules(name: str, how: str, tmp_path: Path) -> None:
    made, x = module(name)
    a = lm.open(made, example=(x,))
    result = lm.compare(a, lm.open(export(name, how, tmp_path)), x)
    assert result.correct, str(result)
    weights = {layer.name for layer in a.layers if layer.weights}
    covered = {*result.matching, *(joined for layer in result for joined in layer.joins)}
    assert weights <= covered
    if how == "save":
        assert set(result.matching) == {layer.name for layer in a.layers}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["save", "older", "plain", "optimised"])
@pytest.mark.parametrize("name", EXPORTED)
def test_a_weight_that_went_wrong_in_the_export_is_found(name: str, how: str, tmp_path: Path) -> None:
    made, x = module(name)
    a = lm.open(made, example=(x,))
    model = onnx.load(export(name, how, tmp_path))
    rng = np.random.default_rng(0)
    arrays = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer if "embed" not in i.name}  # not every row is used
    weights = [key for key, array in arrays.items() if array.ndim == (4 if name == "cnn" else 2) and array.dtype == np.float32]
    for at in rng.permutation(len(weights))[:3]:
        twin = onnx.ModelProto()
        twin.CopyFrom(model)
        held = next(i for i in twin.graph.initializer if i.name == weights[at])
        array = numpy_helper.to_array(held).copy()
        array[rng.integers(len(array))] += 1
        held.CopyFrom(numpy_helper.from_array(array, held.name))
        b = lm.open(twin)
        result = lm.compare(a, b, x)
        assert result.first.other in reading(b, held.name), (held.name, result.first)
        assert sum(layer.state == "own" for layer in result) == 1


def reading(model: lm.Model, weight: str) -> set[str]:
    """The layers that a weight reaches before any other value does: those that read it, perhaps turned about, and their biases."""
    found = {layer.name for layer in model.layers if weight in layer.inputs}
    for layer in model.layers:
        if layer.operator in ("MatMul", "Gemm", "Conv", "Gather") and any(p.name in found for p in layer.previous):
            found.add(layer.name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bert", "gpt2", "resnet"])
def test_known_architectures_agree_with_what_torch_onnx_makes_of_them(name: str, tmp_path: Path) -> None:
    """Its exporter folds, fuses and numbers names anew: `add` is another layer there."""
    transformers = pytest.importorskip("transformers", reason="the architectures are transformers'")
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    ids = torch.randint(0, 99, (2, 9))
    if name == "bert":
        made, x = transformers.BertModel(transformers.BertConfig(vocab_size=99, **sizes)), ids
    elif name == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=99, n_embd=32, n_layer=2, n_head=4, use_cache=False, bos_token_id=0, eos_token_id=0
        )
        made, x = transformers.GPT2LMHeadModel(config), ids
    else:
        config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
        made, x = transformers.ResNetModel(config), torch.randn(1, 3, 32, 32)
    path = tmp_path / "made.onnx"
    with quiet():
        torch.onnx.export(made.eval(), (x,), str(path), dynamo=True)
    a = lm.open(made, example=(x,))
    result = lm.compare(a, lm.open(path), x)
    assert result.correct, str(result)
    covered = {*result.matching, *(joined for layer in result for joined in layer.joins)}
    assert {layer.name for layer in a.layers if layer.weights} <= covered

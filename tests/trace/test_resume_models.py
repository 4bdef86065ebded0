"""Models of the usual kinds, small and in full size, as modules and as ONNX: patched and resumed anywhere they are, bit for bit, the
whole patched run."""

import numpy as np
import pytest
import torch

import laminae as lm
from tests.trace.models import NAMES, VOCABULARIES, model_of, module_of
from tests.trace.patches import assert_same_bits

pytestmark = pytest.mark.slow

PLACES = 4
"""Layers of each model that are patched, spread over it."""


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


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("name", NAMES)
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
        "resnet50": "model.resnet.encoder.stages.2.layers.3.layer.1.convolution",
        "vit-small": "model.vit.layers.6.mlp.fc1",
        "lstm-256": "head",
        "bert-6L-384": "model.encoder.layer.3.intermediate.dense",
        "gpt2-124M": "model.transformer.h.6.mlp.c_fc",
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

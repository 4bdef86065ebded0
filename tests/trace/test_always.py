"""What always holds, on models of the usual kinds and sizes in both vocabularies. Torch's own dispatcher, hooks on the module and ONNX
Runtime vouch."""

from __future__ import annotations

import collections
import hashlib

import numpy as np
import onnx
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import laminae as lm
from tests.shared import every_value_by_onnx_runtime
from tests.trace.models import NAMES, VOCABULARIES, model_of, module_of, onnx_of

pytestmark = pytest.mark.slow

HEAVY = (
    "convolution",
    "mm",
    "bmm",
    "addmm",
    "rnn",
    "lstm",
    "layer_norm",
    "batch_norm",
    "attention",
    "gelu",
    "relu",
    "tanh",
    "softmax",
)
"""Parts of the names of what computes: how a value is cut and copied is each one's own business."""


class Counting(TorchDispatchMode):
    """What reaches torch's kernels, counted by name."""

    def __init__(self):
        super().__init__()
        self.counts = collections.Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.counts[func.overloadpacket.__name__.rstrip("_")] += 1  # in place or not
        return func(*args, **(kwargs or {}))


def counted(run):
    with torch.no_grad(), Counting() as counting:
        run()
    return {name: n for name, n in counting.counts.items() if any(part in name for part in HEAVY)}


def tensors(held):
    return [held] if isinstance(held, torch.Tensor) else [x for x in held if isinstance(x, torch.Tensor)]


def bits(trace):
    """A digest of every stored value."""
    return {
        (entry.name, i): hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest()
        for entry in trace
        for i, value in enumerate(entry.values)
        if isinstance(value, torch.Tensor)
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_operation_reaches_torch_as_often_as_in_the_module_whatever_is_kept(name):
    module, example = module_of(name)
    model, x = model_of(name, "torch")
    expected = counted(lambda: module(example))
    assert sum(expected.values()) >= 2
    names = [layer.name for layer in model.layers]
    for store in (True, False, names[::3], names[-2:], lm.Store("all", every=2)):
        assert counted(lambda store=store: model.run(**x, store=store)) == expected, store
    assert counted(lambda: model(**x)) == expected
    stepped = []
    assert counted(lambda: stepped.extend(layer.name for layer, _ in model.steps(**x))) == expected
    assert stepped == names


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("name", NAMES)
def test_layers_run_once_in_order_whatever_is_asked_for(name, vocabulary):
    model, x = model_of(name, vocabulary)
    order = [layer.name for layer in model.layers]
    trace = model.run(**x)
    assert [entry.name for entry in trace if not entry.inside] == order
    whole = counted(lambda: model.run(**x))
    floats = [e.name for e in trace if not e.inside and isinstance(e.values[0], torch.Tensor) and e.values[0].is_floating_point()]
    for place in np.linspace(0, len(floats) - 1, 3).astype(int):
        patch = lm.patch.scale(floats[place], 0.5)
        for store in (True, floats[::2]):
            kept = model.run(**x, store=store)
            ran = counted(lambda kept=kept, patch=patch: kept.resume(patch))
            assert all(n <= whole.get(op, 0) for op, n in ran.items()), "nothing runs more often than in a whole pass"


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_value_is_what_the_modules_own_hooks_see(name):
    module, example = module_of(name)
    model, x = model_of(name, "torch")
    seen = collections.defaultdict(list)
    handles = [
        inner.register_forward_hook(lambda m, i, out, key=key: seen[key].append([t.clone() for t in tensors(out)]))
        for key, inner in module.named_modules()
        if key and not list(inner.children())
    ]
    with torch.no_grad():
        output = module(example)
    for handle in handles:
        handle.remove()
    trace, held = model.run(**x), 0
    for key, calls in seen.items():
        group = key.replace(".", "/")
        if len(calls) == 1 and group in trace and not isinstance(module.get_submodule(key), torch.nn.LSTM):
            made = trace[group]
            assert torch.equal(tensors(made)[0], calls[0][0]), key
            held += 1
    assert held >= len(seen) // 2
    for a, b in zip(tensors(trace.output), tensors(output), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_comes_later_changes_what_is_stored(name, vocabulary):
    model, x = model_of(name, vocabulary)
    given = {key: value.clone() for key, value in x.items()}
    trace = model.run(**given)
    before = bits(trace)
    floats = [e.name for e in trace if not e.inside and isinstance(e.values[0], torch.Tensor) and e.values[0].is_floating_point()]
    trace.resume(lm.patch.zero(floats[len(floats) // 2]))
    model.run(**x, patch=lm.patch.function(floats[-1], lambda value: value.zero_()))
    for value in given.values():
        value.zero_()
    weights = [p.tensor() for p in model.graph.parameters.values() if p.tensor().is_floating_point()]
    kept = [weight.detach().clone() for weight in weights]
    try:
        with torch.no_grad():
            for weight in weights:
                weight.add_(1.0)
        model.run(**x)
        assert bits(trace) == before
        with pytest.raises(lm.PatchError, match="changed since"):
            trace.resume(lm.patch.zero(floats[-1]))
    finally:
        with torch.no_grad():
            for weight, old in zip(weights, kept, strict=True):
                weight.copy_(old)
    assert bits(model.run(**x)) == before


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_changes_no_bit_of_the_output(name, vocabulary):
    model, x = model_of(name, vocabulary)
    plain = tensors(model(**x))
    names = [layer.name for layer in model.layers]
    policies = [
        True,
        False,
        names[::3],
        names[1:4],
        "op:*",
        lm.Store("all", reduce="stats"),
        lm.Store("all", every=2, dtype="bf16"),
        lm.Store("all", reduce=lambda value: value.zero_()),
    ]
    for store in policies:
        for a, b in zip(tensors(model.run(**x, store=store).output), plain, strict=True):
            assert torch.equal(a, b), store


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_the_onnx_form_is_onnx_runtimes(name):
    model, x = model_of(name, "onnx")
    trace = model.run(**x)
    expected = every_value_by_onnx_runtime(onnx.load_from_string(onnx_of(name)), {key: value.numpy() for key, value in x.items()})
    held = 0
    for key, value in trace.values.items():
        if isinstance(value, torch.Tensor) and key in expected and value.is_floating_point():
            scale = max(1.0, float(np.abs(expected[key]).max()))
            np.testing.assert_allclose(value.numpy(), expected[key], rtol=1e-3, atol=2e-4 * scale, err_msg=key)
            held += 1
    assert held >= len(model.layers) // 3

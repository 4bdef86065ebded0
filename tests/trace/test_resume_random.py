"""Layers that draw random numbers draw the same again where they are resumed, and the global generator stays as it was."""

import numpy as np
import onnx.parser
import pytest
import torch

import laminae as lm
from tests.trace.patches import assert_same_bits

DRAWS = """
<ir_version: 8, opset_import: ["": 18]>
draws (float[8] x, bool up) => (float[8] y)
{
  a = RandomNormalLike(x)
  s = Add(x, a)
  p = Sigmoid(s)
  b = Bernoulli(p)
  c = If<then_branch = t () => (float[8] d) { r = RandomUniformLike(x)  d = Mul(r, s) },
         else_branch = e () => (float[8] f) { q = RandomNormalLike(x)  f = Sub(q, s) }>(up)
  m = Add(b, c)
  ratio = Constant<value_float = 0.5>()
  yes = Constant<value = bool {1}>()
  drop = Dropout(m, ratio, yes)
  y = Add(drop, a)
}
"""
LOOP = """
<ir_version: 8, opset_import: ["": 18]>
draws (float[4] x, int64 n) => (float[4] y)
{
  going = Constant<value = bool {1}>()
  y = Loop<body = body (int64 i, bool c, float[4] s) => (bool c2, float[4] s2)
    { c2 = Identity(c)  r = RandomNormalLike(s)  s2 = Add(s, r) }>(n, going, x)
}
"""
X = np.linspace(-1, 1, 8, dtype=np.float32)


def opened(text):
    return lm.open(onnx.parser.parse_model(text))


def cases():
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(8, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 8), torch.nn.Dropout(0.3), torch.nn.ReLU()
    )
    trained = lm.open(module.train(), example=(torch.randn(4, 8),))
    return {
        "then": (opened(DRAWS), {"x": X, "up": np.array(True)}),
        "else": (opened(DRAWS), {"x": X, "up": np.array(False)}),
        "loop": (opened(LOOP), {"x": X[:4], "n": np.array(3)}),
        "dropout": (trained, {trained.input_layers[0].name: torch.linspace(-1, 1, 32).reshape(4, 8)}),
    }


CASES = cases()


@pytest.mark.parametrize("store", [True, False, lm.Store("all", reduce="mean")], ids=["all", "none", "means"])
@pytest.mark.parametrize("name", CASES)
def test_resuming_draws_what_the_whole_run_drew(name, store):
    model, feeds = CASES[name]
    torch.manual_seed(1)
    trace = model.run(**feeds, store=store)
    assert not torch.equal(trace.output, model.run(**feeds).output), "it does draw"
    for layer in model.layers:
        if layer.name in ("up", "n", "yes", "going", "ratio"):
            continue
        patch = lm.patch.scale(layer.name, 0.5)
        before = torch.get_rng_state()
        resumed = trace.resume(patch)
        assert torch.equal(torch.get_rng_state(), before), "the global generator is left as it was"
        torch.manual_seed(1)
        full = model.run(**feeds, store=store, patch=patch)
        assert_same_bits(resumed._record, full._record)
        again = resumed.resume(patch)
        torch.manual_seed(1)
        assert_same_bits(again._record, model.run(**feeds, store=store, patch=[patch, patch])._record)


def test_a_failure_leaves_the_generator_as_it_was():
    model, feeds = CASES["then"]
    trace = model.run(**feeds)
    before = torch.get_rng_state()
    with pytest.raises(lm.LaminaeError):
        trace.resume(lm.patch.replace("s", np.ones((2, 3), np.float32)))
    assert torch.equal(torch.get_rng_state(), before)


def test_patches_inside_bodies_that_draw():
    model, feeds = CASES["loop"]
    torch.manual_seed(1)
    trace = model.run(**feeds)
    patch = lm.patch.scale("y/body/r#2", 100.0)
    torch.manual_seed(1)
    assert_same_bits(trace.resume(patch)._record, model.run(**feeds, patch=patch)._record)


def test_what_patches_do_not_depend_on_draws_is_not_drawn_again():
    model, feeds = CASES["dropout"]
    trace = model.run(**feeds)
    last = model.layers[-1].name
    assert torch.equal(trace.resume(lm.patch.scale(last, 1.0)).output, trace.output)

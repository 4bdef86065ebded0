"""Sweeps give what resuming one by one gives, in one batch where that can be, and say why where it cannot."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

import laminae as lm
from laminae.trace.session import Session
from laminae.trace.sweep import sweep
from tests.graphs import graphs, inputs
from tests.trace.test_resume import RAN, counting


class Attending(nn.Module):
    """Attention with a mask, literal batch sizes in its views, a normalisation and a convolution."""

    def __init__(self, causal):
        super().__init__()
        self.embed, self.qkv, self.out = nn.Embedding(40, 16), nn.Linear(16, 48), nn.Linear(16, 40)
        self.norm, self.conv, self.causal = nn.LayerNorm(16), nn.Conv1d(16, 16, 3, padding=1), causal

    def forward(self, ids):
        h = self.embed(ids)
        q, k, v = (part.view(2, 7, 4, 4).transpose(1, 2) for part in self.qkv(h).chunk(3, -1))
        mask = None if self.causal else (ids != 0)[:, None, None, :]
        h = h + functional.scaled_dot_product_attention(q, k, v, mask, is_causal=self.causal).transpose(1, 2).reshape(2, 7, 16)
        return self.out(self.norm(h + self.conv(h.transpose(1, 2)).transpose(1, 2)))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("layer", ["embed/embedding", "qkv/linear", "scaled_dot_product_attention", "conv/conv1d"])
def test_a_batched_sweep_is_what_the_module_gives_for_each_way(causal, layer):
    torch.manual_seed(0)
    module = Attending(causal).eval()
    ids = torch.randint(1, 40, (2, 7))
    ids[0, -2:] = 0
    model = lm.open(module, example=(ids,))
    trace = model.run(ids)
    ways = [lm.patch.scale(layer, factor) for factor in (0.0, 0.5, 1.0, 3.0)] + [lm.patch.zero(layer, axis=1, index=[2])]
    sweep = trace.sweep(ways)
    assert sweep.how == "in batches"
    for i, way in enumerate(ways):
        torch.testing.assert_close(sweep.output[i], model.run(ids, patch=way).output, rtol=1e-4, atol=1e-5)
    exact = trace.sweep(ways, exact=True)
    assert all(torch.equal(exact.output[i], trace.resume(way).output) for i, way in enumerate(ways))
    assert len(sweep) == 5
    assert sweep.effects("max")[2] < 1e-5 < sweep.effects("max")[0]


def test_batches_of_any_size_and_what_is_not_affected():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(4, name="a"), lm.ReLU(name="b"), lm.Linear(2, name="c"), seed=0)
    trace = model.run(np.ones((5, 3), np.float32))
    ways = [lm.patch.add("a", float(i)) for i in range(7)]
    whole = trace.sweep(ways).output
    assert whole.shape == (7, 5, 2)
    for batch in (1, 2, 3, 100):
        torch.testing.assert_close(trace.sweep(ways, batch=batch).output, whole)


@settings(max_examples=25)
@given(graphs(), st.integers(0, 3))
def test_on_random_graphs_a_sweep_is_what_resuming_gives(graph, seed):
    model = lm.Model(graph=graph)
    trace = model.run(*inputs(graph, seed))
    for entry in trace.layers:
        value = entry.values[0]
        if entry.inside or not torch.is_tensor(value) or not value.is_floating_point() or not value.numel():
            continue
        ways = [lm.patch.scale(entry.name, factor) for factor in (0.5, 2.0)]
        sweep = trace.sweep(ways)
        for i, way in enumerate(ways):
            for name, output in trace.resume(way).outputs.items():
                if torch.is_tensor(output) and output.is_floating_point():
                    torch.testing.assert_close(sweep.outputs[name][i], output, rtol=1e-3, atol=1e-4, equal_nan=True)


def test_why_it_is_not_one_batch_is_said():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(4, name="a"), lm.ReLU(name="b"), lm.Linear(2, name="c"), seed=0)
    trace = model.run(np.ones((5, 3), np.float32))
    other_layers = trace.sweep([lm.patch.zero("a"), lm.patch.zero("b")])
    assert other_layers.how.startswith("one by one")
    assert torch.equal(other_layers.output[1], trace.resume(lm.patch.zero("b")).output)
    weight = next(name for name in model.parameters if name.endswith("weight"))
    assert "parameter" in trace.sweep([lm.patch.scale(weight, 2.0)]).how
    both = trace.sweep([[lm.patch.zero("a"), lm.patch.scale("b", 2.0)]])
    assert "runs again" in both.how
    shapes = trace.sweep([lm.patch.replace("c", torch.zeros(1, 2)), lm.patch.replace("c", torch.zeros(2, 2))])
    assert [part.shape[0] for part in shapes.output] == [1, 2]
    with pytest.raises(lm.UsageError, match="nothing to sweep"):
        trace.sweep([])


@pytest.mark.parametrize("store", [False, ["n7"], ["n1", "n4"]])
def test_what_the_ways_need_and_nobody_stored_is_made_once_and_said(store):
    session = Session(counting([f"n{i}" for i in range(8)]))
    x = (np.ones((3, 2), np.float32),)
    record = session.run(x, {}, store)
    ways = [lm.patch.scale("n4", factor) for factor in (0.0, 0.5, 2.0)] + [lm.patch.zero("n4"), lm.patch.replace("n4", 3.0)]
    for exact in (False, True):
        RAN.clear()
        made = sweep(session, record, ways, exact=exact)
        again = {name: RAN.count(name) for name in ("n0", "n1", "n2", "n3", "n4")}
        assert max(again.values()) <= 1, "made once for all ways"
        assert ("not stored" in made.how) == any(again.values())
        whole = [session.run(x, {}, patch=way).outputs["n7"] for way in ways]
        assert torch.equal(made.outputs["n7"], torch.stack(whole))


def test_a_sweep_of_whole_values_needs_nothing_of_what_was_there():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(4, name="a"), lm.ReLU(name="b"), lm.Linear(2, name="c"), seed=0)
    x = np.ones((5, 3), np.float32)
    trace = model.run(x, store=False)
    values = [torch.randn(5, 4) for _ in range(3)]
    sweep = trace.sweep([lm.patch.replace("b", value) for value in values])
    assert sweep.how == "in batches"
    for value, output in zip(values, sweep.output, strict=True):
        torch.testing.assert_close(output, model["c"](value))
    zeros = trace.sweep([lm.patch.zero("b"), lm.patch.zero("b", axis=1, index=0)])
    assert zeros.how == "in batches, after 2 layers that were not stored"
    torch.testing.assert_close(zeros.output[1], model.run(x, patch=lm.patch.zero("b", axis=1, index=0)).output)


def test_a_layer_that_looks_at_values_is_run_way_by_way():
    class Looks(nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x * 2,))

    model = lm.open(Looks(), example=(torch.ones(3),))
    trace = model.run(torch.ones(3))
    name = next(e.name for e in trace.layers if e.op.startswith("mul"))
    sweep = trace.sweep([lm.patch.scale(name, f) for f in (1.0, 2.0)])
    assert torch.equal(sweep.output[1], torch.full((3,), 5.0))


def test_the_effect_of_every_layer_in_turn():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(4, name="a"), lm.ReLU(name="b"), lm.Linear(2, name="c"), seed=0)
    x = np.ones((5, 3), np.float32)
    trace = model.run(x)
    effects = trace.effects()
    assert [e.layer for e in effects] == ["a", "b", "c"]
    plain = model(x).double()
    for effect in effects:
        new = model.run(x, patch=lm.patch.zero(effect.layer)).output.double()
        assert effects[effect.layer] == pytest.approx(float((new - plain).norm() / plain.norm()))
    assert effects["c"] == 1.0
    assert "a" in str(effects)
    only = trace.effects(lambda name: lm.patch.add(name, 1.0), layers="c", measure=lambda y: y.sum())
    assert only["c"] == pytest.approx(10.0)
    kl = trace.effects(layers=["c"], measure="kl")["c"]
    p = torch.softmax(plain, -1)
    assert kl == pytest.approx(float((p * (p.log() + np.log(2.0))).sum(-1).mean()))
    with pytest.raises(lm.UsageError, match="no measure"):
        trace.effects(measure="much")
    with pytest.raises(lm.UnknownNameError):
        effects["nothing"]


def test_bad_calls_of_sweeps_and_effects_say_what_is_expected():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(4, name="a"), lm.ReLU(name="b"), seed=0)
    trace = model.run(np.ones((5, 3), np.float32))
    ways = [lm.patch.zero("a"), lm.patch.scale("a", 2.0)]
    for batch in (0, -1, 1.5, "2", True):
        with pytest.raises(lm.UsageError, match="no number of ways"):
            trace.sweep(ways, batch=batch)
    for several in (None, 3, lm.patch.zero("a")):
        with pytest.raises(lm.UsageError, match="nothing to sweep"):
            trace.sweep(several)
    for measure in (lambda y: y, lambda y: 1 / 0, lambda: 1):
        with pytest.raises(lm.UsageError, match=r"the measure <lambda> failed"):
            trace.sweep(ways).effects(measure)
    for make in (lambda name: 1 / 0, lambda: None, lambda name: []):
        with pytest.raises(lm.UsageError, match="the function that makes patches"):
            trace.effects(make)

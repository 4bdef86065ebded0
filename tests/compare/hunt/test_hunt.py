"""The hunt as a whole: no false alarm, what it costs, the same from a trace, the model left as it was."""

import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings

import laminae as lm
from laminae.graph import Graph, Layer, Value
from laminae.ops.registry import register_operator
from tests.compare.hunt.planting import SAMPLES, chain, healthy, kinds, linear, weights
from tests.graphs import graphs, inputs, seeds
from tests.modules import zoo
from tests.shared import NAMES, model_file, model_input

ALIVE: list[weakref.ref] = []
MOST: list[int] = []


@register_operator("Counted", domain="test.hunt", pure=True)
def counted(x):
    made = x * 1.01
    ALIVE.append(weakref.ref(made))
    MOST.append(sum(ref() is not None for ref in ALIVE))
    return made


def long_chain(count: int) -> lm.Model:
    graph = Graph("long", opsets={"": 21, "test.hunt": 1})
    value = graph.add_input("x", "float32", ("batch", 8))
    for i in range(count):
        made = Value(f"v{i}")
        graph.append(Layer(made.name, "Counted", (value,), (made,), domain="test.hunt"))
        value = made
    graph.outputs = (value,)
    graph.changed()
    return lm.Model(graph=graph)


@pytest.mark.parametrize("name", NAMES)
def test_the_real_models_give_no_false_alarm(name):
    found = lm.hunt(lm.open(model_file(name)), model_input(name))
    assert [f for f in found if f.severity != "note"] == []


@pytest.mark.parametrize("name", ["bert", "gpt2", "resnet", "llama", "t5", "vit", "mamba"])
def test_healthy_architectures_give_no_false_alarm(name):
    module, args, kwargs = zoo.build(*zoo.TABLE[name])
    found = lm.hunt(lm.open(module, example=args, kwargs=kwargs), *args, **kwargs)
    assert [f for f in found if f.severity != "note"] == []


def test_no_more_is_kept_than_in_a_plain_pass():
    model = long_chain(50)
    ALIVE.clear(), MOST.clear()
    found = lm.hunt(model, SAMPLES)
    gc.collect()
    assert len(ALIVE) >= 100, "a pass to measure, one for the times"
    assert max(MOST) <= 3
    assert sum(ref() is not None for ref in ALIVE) == 0, "what was found holds no value"
    assert found.sound


@pytest.mark.parametrize("store", [True, "op:Relu", False])
def test_a_trace_tells_the_same_whatever_it_has_stored(store):
    w = weights(32, 32, seed=1)
    w[0, 0] = np.inf
    model = chain(linear(32, 8, "a"), lm.Tanh(name="t"), linear(32, 32, "b", weight=w), lm.ReLU(name="r"), linear(4, 32, "c", 2))
    for one in (model, healthy()):
        found, direct = one.run(SAMPLES, store=store).hunt(), lm.hunt(one, SAMPLES)
        assert kinds(found) == kinds(direct)
        assert [f.evidence for f in found if f.kind != "expensive"] == [f.evidence for f in direct if f.kind != "expensive"]


def test_a_trace_that_was_patched_is_hunted_as_it_was_patched():
    model = healthy()
    trace = model.run(SAMPLES, store="op:Gemm", patch=lm.patch.zero("r"))
    assert ("problem", "dead", "r") in kinds(trace.hunt())
    assert kinds(lm.hunt(model, SAMPLES, patch=lm.patch.zero("r"))) == kinds(trace.hunt())
    assert kinds(lm.hunt(model, SAMPLES)) == []


def test_a_trace_of_other_weights_is_refused_where_it_must_run_again():
    model = healthy()
    whole, part = model.run(SAMPLES), model.run(SAMPLES, store="r")
    model["a"].parameters["a.bias"].assign(np.ones(32, np.float32))
    assert whole.hunt().sound
    with pytest.raises(lm.PatchError, match=r"a\.bias"):
        part.hunt()


def test_thresholds_are_arguments_and_others_are_refused_with_those_there_are():
    trace = healthy().run(SAMPLES)
    assert trace.hunt(dead=0.0, observed=1).of("dead")
    with pytest.raises(lm.UsageError, match="there is no threshold 'deadly'") as refused:
        trace.hunt(deadly=1)
    assert "dead=0.5" in refused.value.details["there are"]
    with pytest.raises(lm.UsageError, match="is no number"):
        trace.hunt(dead="half")


def test_buffers_and_the_generator_are_left_as_they_were():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.BatchNorm1d(16), torch.nn.Dropout(0.5)).train()
        x = torch.tensor(SAMPLES)
        model = lm.open(module, example=(x,))
        before, state = module[1].running_mean.clone(), torch.get_rng_state()
        lm.hunt(model, x)
        assert torch.equal(module[1].running_mean, before)
        assert torch.equal(torch.get_rng_state(), state)
        model.run(x)
        assert not torch.equal(module[1].running_mean, before), "a run does change it"


def test_random_layers_draw_the_same_when_values_are_wanted():
    class Odd(torch.nn.Module):
        def forward(self, x):
            return torch.log(torch.nn.functional.dropout(x.abs(), 0.5, True) - 0.01)

    x = torch.tensor(SAMPLES)
    model = lm.open(Odd().train(), example=(x,))
    for seed in range(5):
        torch.manual_seed(seed)
        finding = lm.hunt(model, x).of("not finite")[0]
        torch.manual_seed(seed)
        trace = model.run(x)
        at, (number,) = tuple(finding.evidence["at"]), finding.evidence["entered"][0]["numbers"]
        before, last = trace.layers[-2].output, trace.layers[-1].output
        assert at == tuple(np.argwhere(~np.isfinite(last.numpy()))[0])
        assert number == float(before[at])


def test_problems_come_first_and_it_prints():
    model = chain(
        linear(32, 8, "a", weight=weights(32, 8) * 500),
        lm.Tanh(name="t"),
        linear(32, 32, "b", bias=np.full(32, -1e4, np.float32)),
        lm.ReLU(name="r"),
        linear(4, 32, "c", bias=np.arange(4, dtype=np.float32)),
    )
    found = lm.hunt(model, SAMPLES)
    severities = [f.severity for f in found]
    assert severities == sorted(severities, key=["problem", "warning", "note"].index)
    text = found.table().text(80)
    assert "1 problem, 1 warning" in text
    assert "all zero" in text
    assert max(map(len, text.split("\n"))) <= 80
    assert repr(found).startswith("Hunt(1 problem, 1 warning")
    assert found[0].severity == "problem"
    assert found.problems == found.of("dead")


def test_nothing_found_says_so():
    assert "nothing found" in str(lm.hunt(healthy(), SAMPLES, top=0))


def test_values_without_numbers_are_passed_over():
    import onnx.parser

    text = '<ir_version: 10, opset_import: ["": 20]> m (string[n] s) => (string[n] t) { t = StringConcat(s, s) }'
    assert kinds(lm.hunt(lm.open(onnx.parser.parse_model(text)), np.array(["a", "b"]))) == []


@given(graphs(), seeds)
@settings(max_examples=40)
def test_on_any_graph_a_trace_tells_what_a_hunt_tells(graph, seed):
    model, x = lm.Model(graph=graph), inputs(graph, seed)
    direct, whole, part = lm.hunt(model, *x), model.run(*x).hunt(), model.run(*x, store=False).hunt()
    assert kinds(direct) == kinds(whole) == kinds(part)
    assert str(direct)


@pytest.mark.parametrize("shape", [(0, 8), (1, 8)])
def test_empty_and_single_samples_are_no_news(shape):
    assert kinds(lm.hunt(healthy(), np.ones(shape, np.float32))) == []

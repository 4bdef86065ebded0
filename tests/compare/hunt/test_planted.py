"""Each kind of finding but NaN: planted, found where it was planted, and nowhere else."""

import time

import numpy as np
import pytest
import torch

import laminae as lm
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.ops.registry import register_operator
from tests.compare.hunt.planting import SAMPLES, chain, healthy, kinds, linear, onnx_model, weights


def test_a_healthy_model_has_nothing():
    assert kinds(lm.hunt(healthy(), SAMPLES)) == []


def test_a_relu_that_died_is_told_once_and_not_what_follows_it():
    model = chain(
        linear(32, 8, "a", bias=np.full(32, -100, np.float32)),
        lm.ReLU(name="r"),
        linear(32, 32, "b", 1),
        lm.ReLU(name="s"),
        linear(4, 32, "c", 2, bias=np.arange(4, dtype=np.float32)),
    )
    found = lm.hunt(model, SAMPLES)
    assert ("problem", "dead", "r") in kinds(found)
    assert [f.layer for f in found.of("dead")] == ["r"]
    given = model.run(SAMPLES)["a"]
    assert found.of("dead")[0].evidence["given max"] == pytest.approx(float(given.max()))
    assert not found.sound


@pytest.mark.parametrize("kernel", [False, True], ids=["units", "channels"])
def test_the_channels_that_are_zero_are_counted(kernel):
    bias = np.where(np.arange(32) % 4 > 0, -100, 0).astype(np.float32)
    if kernel:
        x = np.random.default_rng(2).standard_normal((3, 8, 12, 12)).astype(np.float32)
        layer = lm.Conv(32, 3, name="a", weight=weights(32, 8, 3, 3, scale=0.2), bias=bias)
        model = chain(layer, lm.ReLU(name="r"), lm.Conv(4, 3, name="b"), size=(8, 12, 12))
    else:
        x, model = SAMPLES, chain(linear(32, 8, "a", bias=bias), lm.ReLU(name="r"), linear(4, 32, "b", 1))
    found = lm.hunt(model, x)
    assert kinds(found) == [("warning", "dead", "r")]
    relu = model.run(x)["r"].numpy()
    zero = ~relu.any(axis=tuple(i for i in range(relu.ndim) if i != 1))
    assert found[0].evidence["dead"] == zero.sum()
    assert found[0].evidence["channels"] == 32
    assert kinds(lm.hunt(model, x, dead=0.9)) == []


def test_a_few_samples_kill_no_channel():
    model = chain(linear(32, 8, "a", bias=np.full(32, -1, np.float32)), lm.ReLU(name="r"), linear(4, 32, "b", 1))
    assert kinds(lm.hunt(model, SAMPLES[:3])) == []


@pytest.mark.parametrize(("kind", "name"), [(lm.Sigmoid, "Sigmoid"), (lm.Tanh, "Tanh"), (lm.Softmax, "Softmax")])
def test_activations_at_their_limits(kind, name):
    def model(scale):
        hot = linear(32, 8, "a", weight=weights(32, 8) * np.float32(scale))
        return chain(hot, kind(name="act"), linear(32, 32, "b", 1), lm.ReLU(name="r"), linear(4, 32, "c", 2))

    found = lm.hunt(model(500), SAMPLES)
    assert kinds(found) == [("warning", "saturated", "act")]
    act = model(500).run(SAMPLES)["act"].numpy()
    share = {
        "Sigmoid": ((act <= 0.001) | (act >= 0.999)).mean(),
        "Tanh": (np.abs(act) >= 0.998).mean(),
        "Softmax": (act.max(-1) >= 0.999).mean(),
    }[name]
    assert found[0].evidence["share"] == pytest.approx(share, abs=0.002)
    assert kinds(lm.hunt(model(1), SAMPLES)) == []


def test_what_the_model_answers_may_be_sure():
    model = chain(linear(32, 8, "a", weight=weights(32, 8) * 500), lm.Softmax(name="answer"))
    assert kinds(lm.hunt(model, SAMPLES)) == []


@pytest.mark.parametrize("operator", ["relu6", "hardtanh", "clamp"])
def test_clipped_activations_at_their_upper_limit(operator):
    cut = {
        "relu6": torch.nn.functional.relu6,
        "hardtanh": lambda x: torch.nn.functional.hardtanh(x, 0.0, 6.0),
        "clamp": lambda x: torch.clamp(x, 0.0, 6.0),
    }[operator]

    class Clipped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            with torch.random.fork_rng():
                torch.manual_seed(0)
                self.a, self.b = torch.nn.Linear(8, 32), torch.nn.Linear(32, 4)
            with torch.no_grad():
                self.a.bias.fill_(100)

        def forward(self, x):
            return self.b(cut(self.a(x)))

    x = torch.tensor(SAMPLES)
    found = lm.hunt(lm.open(Clipped().eval(), example=(x,)), x)
    assert [f.op.split(".")[0] for f in found.of("saturated")] == [operator]
    assert found.of("saturated")[0].evidence["at high"] == 1.0


def test_a_clip_in_an_onnx_file():
    model = onnx_model("""
        <ir_version: 8, opset_import: ["": 18]>
        m (float[n, 8] x) => (float[n, 8] z)
        { low = Constant<value_float = 0.0>() high = Constant<value_float = 0.01>()
          y = Clip(x, low, high) three = Constant<value_float = 3.0>() z = Mul(y, three) }""")
    found = lm.hunt(model, np.abs(SAMPLES) + 1)
    assert ("warning", "saturated", "y") in kinds(found)


def test_float16_near_its_end():
    class Half(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a = torch.nn.Linear(8, 32)

        def forward(self, x):
            return torch.relu(self.a(x) * 1000)

    module = Half().half().eval()
    with torch.no_grad():
        module.a.weight.fill_(1.0)
    x = torch.full((4, 8), 5.0).half() + torch.arange(4).half()[:, None] * 0.3
    found = lm.hunt(lm.open(module, example=(x,)), x)
    near = found.of("saturated")
    assert near
    assert all(f.evidence["limit"] == 65504 for f in near)
    assert near[0].severity == "warning"


def test_whole_numbers_that_are_cut_off():
    model = onnx_model("""
        <ir_version: 8, opset_import: ["": 18]>
        m (float[n, 8] x) => (float[n, 8] z) <float scale = {0.001}, int8 zero = {0}>
        { y = QuantizeLinear(x, scale, zero) z = DequantizeLinear(y, scale, zero) }""")
    found = lm.hunt(model, SAMPLES)
    assert kinds(found) == [("warning", "saturated", "y")]
    y = model.run(SAMPLES)["y"].numpy()
    assert found[0].evidence["at high"] == pytest.approx((y == 127).mean())
    assert found[0].evidence["at low"] == pytest.approx((y == -128).mean())
    assert kinds(lm.hunt(model, SAMPLES * 0.02)) == []


@pytest.mark.parametrize(("factor", "kind"), [(6.0, "exploding"), (1 / 6, "vanishing")])
def test_a_scale_that_runs_away(factor, kind):
    def model(count):
        layers = [
            linear(32, 32 if i else 8, f"l{i}", i, weight=weights(32, 32 if i else 8, seed=i, scale=factor / 32**0.5))
            for i in range(count)
        ]
        return chain(*layers)

    assert kinds(lm.hunt(model(3), SAMPLES)) == []
    (finding,) = [f for f in lm.hunt(model(8), SAMPLES) if f.kind != "expensive"]
    assert (finding.severity, finding.kind, finding.layer) == ("warning", kind, "l7")
    trace = model(8).run(SAMPLES)
    ratio = float(trace["l7"].double().std(correction=0) / trace["x"].double().std(correction=0))
    assert finding.evidence["ratio"] == pytest.approx(ratio, rel=1e-5)
    assert [step["layer"] for step in finding.evidence["way"]] == ["x", *(f"l{i}" for i in range(8))]
    assert lm.hunt(model(14), SAMPLES)[0].severity == "problem"


def test_a_normalization_begins_anew():
    layers = []
    for i in range(10):
        layers += [linear(32, 32 if i else 8, f"l{i}", i, weight=weights(32, 32 if i else 8, seed=i, scale=6 / 32**0.5))]
        layers += [lm.LayerNorm()]
    assert kinds(lm.hunt(chain(*layers), SAMPLES)) == []


def test_a_model_that_gives_the_same_for_every_sample():
    dead_weight = {"weight": np.zeros((32, 32), np.float32), "bias": np.arange(32, dtype=np.float32)}
    model = chain(linear(32, 8, "a"), lm.ReLU(name="r"), linear(32, 32, "b", **dead_weight), linear(4, 32, "c", 2))
    found = lm.hunt(model, SAMPLES)
    assert kinds(found) == [("problem", "constant", "b"), ("warning", "parameter", "b")]
    assert found[0].evidence["outputs"] == ["c"]
    assert torch.equal(model(SAMPLES), model(SAMPLES)[:1].expand(300, 4))


def test_a_branch_that_is_the_same_for_every_sample_is_a_warning():
    x = lm.Input(8, name="x")
    h = lm.ReLU(name="r")(linear(32, 8, "a")(x))
    stuck = linear(32, 32, "b", weight=np.zeros((32, 32), np.float32), bias=np.arange(32, dtype=np.float32))(h)
    model = lm.Model(x, linear(4, 32, "c", 2)(lm.Add(name="sum")(h, stuck)))
    assert kinds(lm.hunt(model, SAMPLES)) == [("warning", "parameter", "b"), ("warning", "constant", "b")]


def test_a_classifier_that_is_sure_of_every_sample_is_no_constant():
    model = chain(linear(1, 8, "a", weight=np.full((1, 8), 100, np.float32)), lm.Sigmoid(name="yes"))
    x = np.abs(SAMPLES) + 1
    assert (model(x) == 1).all()
    assert kinds(lm.hunt(model, x)) == []


def test_the_same_samples_make_no_constant():
    assert kinds(lm.hunt(healthy(), np.repeat(SAMPLES[:1], 300, 0))) == []


def test_positions_that_are_all_alike():
    x = np.random.default_rng(3).standard_normal((4, 8, 6, 6)).astype(np.float32)
    kernel = {"weight": np.zeros((32, 8, 1, 1), np.float32), "bias": np.arange(1, 33, dtype=np.float32)}
    model = chain(lm.Conv(32, 1, name="a", **kernel), lm.ReLU(name="r"), lm.Conv(4, 3, name="b"), size=(8, 6, 6))
    found = lm.hunt(model, x)
    assert ("problem", "constant", "a") in kinds(found)
    x[...] = x[:1]
    found = lm.hunt(model, x)
    assert ("note", "constant", "a") in kinds(found)
    assert "every position" in found.of("constant")[0].text


def test_weights_that_are_twins_are_a_note_and_tied_ones_are_none():
    same = weights(32, 32, seed=1)
    layers = linear(32, 8, "a"), lm.ReLU(), linear(32, 32, "b", weight=same), lm.ReLU(), linear(32, 32, "c", weight=same)
    found = lm.hunt(chain(*layers, linear(4, 32, "d", 2)), SAMPLES)
    assert kinds(found) == [("note", "parameter", "b")]
    assert found[0].evidence["parameters"] == ["b.weight", "c.weight"]

    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = torch.nn.Linear(8, 32), torch.nn.Linear(32, 32), torch.nn.Linear(32, 32)
            self.c.weight = self.b.weight

        def forward(self, x):
            return self.c(torch.relu(self.b(torch.relu(self.a(x)))))

    x = torch.tensor(SAMPLES)
    assert lm.hunt(lm.open(Tied().eval(), example=(x,)), x).of("parameter") == ()


def test_what_nobody_reads():
    graph = Graph("left", opsets={"": 21})
    x = graph.add_input("x", "float32", ("batch", 8))
    out, left = Value("out"), Value("left")
    graph.append(Layer("left", "Abs", (x,), (left,), opset=21))
    graph.append(Layer("out", "Neg", (x,), (out,), opset=21))
    graph.outputs = (out,)
    graph.changed()
    graph.add_parameter(Parameter("w", np.ones((3, 3), np.float32)))
    graph.changed()
    found = lm.hunt(lm.Model(graph=graph), SAMPLES)
    assert kinds(found) == [("note", "unread", "left"), ("note", "unread", "")]
    assert found.of("unread")[1].evidence["parameters"] == ["w"]
    assert found.sound


@register_operator("Slow", domain="test.hunt", shape=lambda x: x, cost=lambda x: 7 * x.size, pure=True)
def slow(x):
    time.sleep(0.05)
    return x + 1


def test_the_layer_that_takes_the_time_is_a_note_with_its_share_of_the_arithmetic():
    graph = Graph("slow", opsets={"": 21, "test.hunt": 1})
    value = graph.add_input("x", "float32", ("batch", 8))
    for i in range(12):
        made = Value(f"v{i}")
        graph.append(
            Layer(made.name, "Slow", (value,), (made,), domain="test.hunt")
            if i == 5
            else Layer(made.name, "Neg", (value,), (made,), opset=21)
        )
        value = made
    graph.outputs = (value,)
    graph.changed()
    model = lm.Model(graph=graph)
    costs = sum(record.cost.multiply_adds for record in model.records({"x": SAMPLES.shape}))
    trace = model.run(SAMPLES)
    (finding,) = trace.hunt()
    assert (finding.severity, finding.kind, finding.layer) == ("note", "expensive", "v5")
    times = {entry.name: entry.ms for entry in trace.layers}
    assert finding.evidence["ms"] == times["v5"]
    assert finding.evidence["share"] == pytest.approx(times["v5"] / sum(times.values()))
    assert finding.evidence["multiply_adds"] == 7 * SAMPLES.size
    assert finding.evidence["share of multiply_adds"] == pytest.approx(7 * SAMPLES.size / costs)
    assert [f.layer for f in lm.hunt(model, SAMPLES)] == ["v5"]
    assert len(lm.hunt(model, SAMPLES, top=0)) == 0


LOOP = """
<ir_version: 8, opset_import: ["": 18]>
m (float[20, 4] x, int64 n) => (float[20, 4] y)
{
  going = Constant<value = bool {1}>()
  y = Loop<body = b (int64 i, bool c, float[20, 4] s) => (bool c2, float[20, 4] t)
    { c2 = Identity(c)  low = Constant<value_float = 100.0>()  less = Sub(s, low)  r = Relu(less)  half = Mul(s, low)  t = Add(half, r) }>(n, going, x)
}
"""


def test_what_dies_in_a_body_is_told_once_with_all_its_turns():
    x = -np.abs(np.random.default_rng(4).standard_normal((20, 4)).astype(np.float32))
    found = lm.hunt(onnx_model(LOOP), x, np.array(3))
    assert [f.layer for f in found.of("dead")] == ["y/body/r"]
    assert found.of("dead")[0].layers == ("y/body/r", "y/body/r#2", "y/body/r#3")

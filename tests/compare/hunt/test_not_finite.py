"""NaN and Inf: the layer that made them, the numbers it made them of, what became of them."""

import math

import numpy as np
import pytest
import torch

import laminae as lm
from laminae.graph import Graph, Layer, Parameter, Value
from tests.compare.hunt.planting import SAMPLES, chain, healthy, kinds, linear, onnx_model, weights


def graph_of(*steps, dtype="float32"):
    """A chain of main-domain operators: (name, operator, other inputs as arrays)."""
    graph = Graph("planted", opsets={"": 21})
    value = graph.add_input("x", dtype, ("batch", 8))
    for name, operator, *others in steps:
        parameters = [graph.add_parameter(Parameter(f"{name}.{i}", np.asarray(x))) for i, x in enumerate(others)]
        made = Value(name)
        graph.append(Layer(name, operator, (value, *parameters), (made,), opset=21))
        value = made
    graph.outputs = (value,)
    graph.changed()
    return lm.Model(graph=graph)


@pytest.mark.parametrize(
    ("operator", "others", "why"),
    [
        ("Log", (), "logarithm of a negative"),
        ("Sqrt", (), "root of a negative"),
        ("Pow", (np.float32(0.5),), "power that is not whole"),
        ("Acos", (), "defined from -1 to 1"),
        ("Div", (np.zeros(8, np.float32),), "division by 0"),
        ("Mul", (np.full(8, 3e38, np.float32),), "beyond 3.403e+38"),
    ],
)
def test_the_layer_the_element_and_the_numbers_that_entered_it(operator, others, why):
    model = graph_of(("pre", "Mul", np.float32(2)), ("odd", operator, *others), ("post", "Neg"))
    x = SAMPLES[:5] * 3
    found = lm.hunt(model, x)
    finding = found[0]
    assert (finding.severity, finding.kind, finding.layer) == ("problem", "not finite", "odd")
    trace = model.run(x)
    odd, at = trace["odd"].numpy(), tuple(finding.evidence["at"])
    assert at == tuple(np.argwhere(~np.isfinite(odd))[0]), "the first of its elements"
    assert finding.evidence["nan"] == np.isnan(odd).sum()
    assert finding.evidence["inf"] == np.isinf(odd).sum()
    entered = finding.evidence["entered"][0]
    assert entered["numbers"] == [float(trace["pre"][at])]
    assert why in finding.text
    assert [link["layer"] for link in finding.evidence["chain"]] == ["odd", "pre", "x"]
    assert finding.layers == ("odd", "post")
    assert finding.evidence["outputs"] == ["post"]
    assert not found.sound


def test_exp_says_that_it_overflows_and_where_nan_comes_of_it():
    model = graph_of(("exp", "Exp"), ("sum", "ReduceMean"), ("minus", "Sub", np.float32(math.inf)))
    x = np.zeros((2, 8), np.float32)
    x[1, 3] = 100
    finding = lm.hunt(model, x).of("not finite")[0]
    assert finding.layer == "exp"
    assert finding.evidence["at"] == [1, 3]
    assert "e to the power of 100" in finding.text
    assert finding.evidence["becomes NaN"] == "minus"


def test_a_product_tells_its_row_and_its_column():
    big = np.full((8, 8), 1e20, np.float32)
    model = chain(linear(8, 8, "a", weight=big), linear(8, 8, "b", 1, weight=np.full((8, 8), 1e19, np.float32)))
    x = np.ones((3, 8), np.float32)
    finding = lm.hunt(model, x).of("not finite")[0]
    row, column = finding.evidence["entered"][:2]
    assert finding.layer == "b"
    assert (row["input"], row["count"], column["input"], column["count"]) == ("a", 8, "b.weight", 8)
    assert (column["min"], column["max"]) == (float(np.float32(1e19)),) * 2


@pytest.mark.parametrize("transposed", [0, 1])
def test_the_column_of_a_gemm_is_that_of_its_own_direction(transposed):
    w = weights(8, 8)
    w[2, 5] = 3e38
    model = onnx_model(
        f'<ir_version: 8, opset_import: ["": 18]> m (float[n, 8] x) => (float[n, 8] y) <float[8, 8] w = {{{", ".join(map(str, w.ravel()))}}}> '
        f"{{ y = Gemm<transB = {transposed}>(x, w) }}"
    )
    x = np.zeros((2, 8), np.float32)
    x[1] = 10
    finding = lm.hunt(model, x).of("not finite")[0]
    column = finding.evidence["entered"][1]
    assert finding.evidence["at"] == [1, 2 if transposed else 5]
    assert column["max"] == float(np.float32(3e38))
    assert column["min"] == pytest.approx((w[2] if transposed else w[:, 5]).min())


def test_a_softmax_of_a_row_that_is_masked_away():
    module = Masked().eval()
    x = torch.randn(2, 4, 4)
    keep = torch.ones(2, 4, 4, dtype=torch.bool)
    sound = lm.hunt(lm.open(module, example=(x, keep)), x, keep | True)
    assert sound.sound
    keep[1, 2] = False
    found = lm.hunt(lm.open(module, example=(x, keep)), x, keep)
    finding = found.of("not finite")[0]
    assert finding.severity == "problem"
    assert finding.evidence["becomes NaN"].endswith("softmax")


class Masked(torch.nn.Module):
    def forward(self, x, keep):
        return torch.softmax(torch.where(keep, x, float("-inf")), -1) @ x


def test_a_mask_of_inf_that_a_softmax_takes_up_is_a_note():
    x, keep = torch.randn(2, 4, 4), torch.ones(4, 4).tril().bool().expand(2, 4, 4)
    found = lm.hunt(lm.open(Masked().eval(), example=(x, keep)), x, keep)
    assert [(f.severity, f.kind) for f in found if f.kind != "expensive"] == [("note", "not finite")]
    assert found.sound


def test_nan_that_reaches_no_output_is_a_warning():
    graph = Graph("apart", opsets={"": 21})
    x = graph.add_input("x", "float32", ("batch", 8))
    log, out = Value("log"), Value("out")
    graph.append(Layer("log", "Log", (x,), (log,), opset=21))
    graph.append(Layer("out", "Neg", (x,), (out,), opset=21))
    graph.outputs = (out,)
    graph.changed()
    found = lm.hunt(lm.Model(graph=graph), SAMPLES)
    assert kinds(found) == [("warning", "not finite", "log"), ("note", "unread", "log")]


def test_an_input_that_holds_them_is_told_as_such():
    x = SAMPLES.copy()
    x[7, 2] = np.nan
    finding = lm.hunt(healthy(), x)[0]
    assert (finding.severity, finding.kind, finding.layer) == ("problem", "not finite", "x")
    assert "the input itself" in finding.text
    assert finding.evidence["at"] == [7, 2]


def test_every_origin_is_told_the_first_one_first():
    found = lm.hunt(two_origins(), SAMPLES)
    assert [f.layer for f in found.of("not finite")] == ["log", "root"]


def two_origins():
    graph = Graph("two", opsets={"": 21})
    x = graph.add_input("x", "float32", ("batch", 8))
    log, root, out = Value("log"), Value("root"), Value("out")
    graph.append(Layer("log", "Log", (x,), (log,), opset=21))
    graph.append(Layer("root", "Sqrt", (x,), (root,), opset=21))
    graph.append(Layer("out", "Add", (log, root), (out,), opset=21))
    graph.outputs = (out,)
    graph.changed()
    return lm.Model(graph=graph)


def test_in_a_loop_the_turn_in_which_it_began():
    model = onnx_model("""
        <ir_version: 8, opset_import: ["": 18]>
        m (float[4] x, int64 n) => (float[4] y)
        {
          going = Constant<value = bool {1}>()
          y = Loop<body = b (int64 i, bool c, float[4] s) => (bool c2, float[4] t)
            { c2 = Identity(c)  one = Constant<value_float = 1.0>()  less = Sub(s, one)  t = Sqrt(less) }>(n, going, x)
        }""")
    x = np.array([3, 4, 5, 6], np.float32)  # 3 → √2 → √0.414 → √-0.36
    found = lm.hunt(model, x, np.array(4))
    finding = found.of("not finite")[0]
    expected = x.copy()
    turns = 0
    with np.errstate(invalid="ignore"):
        while np.isfinite(expected).all():
            before, expected, turns = expected, np.sqrt(expected - 1), turns + 1
    assert finding.layer == f"y/body/t#{turns}"
    assert finding.severity == "problem"
    (number,) = finding.evidence["entered"][0]["numbers"]
    assert number == pytest.approx(float(before[0]) - 1, rel=1e-5)
    assert finding.evidence["outputs"] == ["y"]
    assert [link["layer"] for link in finding.evidence["chain"]][-1] == "x"


def test_in_the_branch_of_an_if():
    model = onnx_model("""
        <ir_version: 8, opset_import: ["": 18]>
        m (float[4] x, bool up) => (float[4] y)
        {
          h = Neg(x)
          y = If<then_branch = yes () => (float[4] t) { t = Log(h) }, else_branch = no () => (float[4] e) { e = Abs(h) }>(up)
        }""")
    x = np.array([-1, -2, 3, -4], np.float32)
    finding = lm.hunt(model, x, np.array(True)).of("not finite")[0]
    assert finding.layer == "y/then/t"
    assert finding.evidence["entered"][0]["numbers"] == [-3.0]
    assert lm.hunt(model, x, np.array(False)).sound


def test_half_precision_overflows_and_the_way_out_is_said():
    class Half(torch.nn.Module):
        def forward(self, x):
            return (x.half() * 300).float()

    x = torch.full((2, 16), 250.0)
    finding = lm.hunt(lm.open(Half().eval(), example=(x,)), x).of("not finite")[0]
    assert "float16" in finding.text
    assert "bfloat16" in finding.advice


def test_a_weight_that_is_not_finite():
    w = weights(32, 32, seed=1)
    w[3, 4] = np.nan
    model = chain(linear(32, 8, "a"), linear(32, 32, "b", weight=w), linear(4, 32, "c", 2))
    found = lm.hunt(model, SAMPLES)
    assert kinds(found) == [("problem", "parameter", "b")]
    assert found[0].evidence["at"] == [3, 4]
    assert found[0].evidence["outputs"] == ["c"]
    assert "first seen in the output of 'b'" in found[0].text


def test_a_module_names_the_layer_of_its_code():
    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)

        def forward(self, x):
            return self.second(torch.rsqrt(self.first(x)))

    x = torch.tensor(SAMPLES)
    finding = lm.hunt(lm.open(Odd().eval(), example=(x,)), x)[0]
    assert finding.op == "rsqrt"
    assert "root of a negative" in finding.text


def test_a_normalization_of_numbers_too_large_to_square():
    class Normed(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.layer_norm(x * 1e25, (8,))

    x = torch.tensor(SAMPLES)
    finding = lm.hunt(lm.open(Normed().eval(), example=(x,)), x).of("not finite")[0]
    assert finding.op == "layer_norm"
    assert "the square of" in finding.text


def test_a_row_of_an_early_turn_is_seen_in_what_the_loop_gives():
    model = onnx_model("""
        <ir_version: 8, opset_import: ["": 18]>
        m (float[4] x, int64 n) => (float[4] y, float[k, 4] rows)
        {
          going = Constant<value = bool {1}>()
          y, rows = Loop<body = b (int64 i, bool c, float[4] s) => (bool c2, float[4] t, float[4] row)
            { c2 = Identity(c)  one = Constant<value_float = 1.0>()  t = Add(s, one)  row = Log(s) }>(n, going, x)
        }""")
    (finding,) = lm.hunt(model, np.array([-1, 2, 3, 4], np.float32), np.array(4)).of("not finite")
    assert (finding.severity, finding.layer) == ("problem", "y/body/row")
    assert "y/body/row#2" in finding.layers
    assert finding.evidence["entered"][0]["numbers"] == [-1.0]
    assert finding.evidence["outputs"] == ["y"]

"""Layers inside layers: they run once a pass, read outer values, and stand in the trace by path."""

import numpy as np
import onnx
import onnx.parser
import pytest
import torch
from onnx.reference import ReferenceEvaluator

import laminae as lm

LOOP = """
<ir_version: 8, opset_import: ["": 18]>
sums (float[2] x, int64 n) => (float[2] total, float[k, 2] steps)
{
  going = Constant<value = bool {1}>()
  zero = Constant<value_floats = [0.0, 0.0]>()
  total, steps = Loop<body = body (int64 i, bool c, float[2] s) => (bool c2, float[2] s2, float[2] row)
    { c2 = Identity(c)  s2 = Add(s, x)  row = Mul(s2, s2) }>(n, going, zero)
}
"""
BRANCH = """
<ir_version: 8, opset_import: ["": 18]>
choose (float[2] x, bool up) => (float[2] y)
{
  h = Abs(x)
  y = If<then_branch = yes () => (float[2] t) { a = Relu(h)  t = Add(a, x) },
         else_branch = no () => (float[2] e) { e = Neg(h) }>(up)
}
"""
NESTED = """
<ir_version: 8, opset_import: ["": 18]>
nested (float[2] x, int64 n) => (float[2] total)
{
  going = Constant<value = bool {1}>()
  total = Loop<body = outer (int64 i, bool c, float[2] s) => (bool c2, float[2] s2)
    { c2 = Identity(c)
      s2 = Loop<body = inner (int64 j, bool d, float[2] r) => (bool d2, float[2] r2) { d2 = Identity(d)  r2 = Add(r, x) }>(n, c, s) }>(n, going, x)
}
"""
FUNCTION = """
<ir_version: 9, opset_import: ["": 18, "local": 1]>
calls (float[2] x) => (float[2] y)
{
  a = local.scaled<factor = 3.0>(x)
  y = local.scaled(a)
}
<domain: "local", opset_import: ["": 18]>
scaled <factor: float = 2.0> (v) => (w)
{
  f = Constant<value_float: float = @factor>()
  w = Mul(v, f)
}
"""


def opened(text):
    proto = onnx.parser.parse_model(text)
    onnx.checker.check_model(proto)
    return lm.open(proto), ReferenceEvaluator(proto)


def test_the_iterations_of_a_loop_stand_in_the_trace_numbered():
    model, reference = opened(LOOP)
    feeds = {"x": np.array([1, 2], np.float32), "n": np.array(3)}
    trace = model.run(**feeds)
    for found, expected in zip(trace.output, reference.run(None, feeds), strict=True):
        np.testing.assert_array_equal(found, expected)
    sums = [e for e in trace.layers if e.path.startswith("total/body/s2")]
    assert [e.name for e in sums] == ["total/body/s2", "total/body/s2#2", "total/body/s2#3"]
    assert [e.output.tolist() for e in sums] == [[1, 2], [2, 4], [3, 6]]
    assert trace["total/body/s2#2"].tolist() == [2, 4]
    assert trace.layers[[e.name for e in trace.layers].index("total/body/row#2")].reads == ("total/body/s2#2",)
    assert [e.index for e in trace.layers] == list(range(1, len(trace.layers) + 1))


@pytest.mark.parametrize("up", [True, False])
def test_only_the_branch_taken_runs_and_it_reads_outer_values(up):
    model, reference = opened(BRANCH)
    feeds = {"x": np.array([-1, 2], np.float32), "up": np.array(up)}
    trace = model.run(**feeds)
    np.testing.assert_array_equal(trace.output, reference.run(None, feeds)[0])
    inside = [e.name for e in trace.layers if "/" in e.name]
    assert inside == (["y/then/a", "y/then/t"] if up else ["y/else/e"])
    np.testing.assert_array_equal(model(**feeds), trace.output)


def test_loops_in_loops():
    model, reference = opened(NESTED)
    feeds = {"x": np.array([1, 2], np.float32), "n": np.array(2)}
    trace = model.run(**feeds)
    np.testing.assert_array_equal(trace.output, reference.run(None, feeds)[0])
    adds = [e.name for e in trace.layers if e.op == "Add"]
    assert adds == ["total/body/s2/body/r2", *(f"total/body/s2/body/r2#{i}" for i in (2, 3, 4))]


def test_a_function_takes_its_attributes_from_the_call_or_its_default():
    model, _ = opened(FUNCTION)  # the reference evaluator does not take references of a Constant
    trace = model.run([1.0, 2.0])
    assert trace.output.tolist() == [6, 12]
    assert [e.output.tolist() for e in trace.layers if e.op == "Mul"] == [[3, 6], [6, 12]]
    assert {e.name for e in trace.layers} >= {"a/body/w", "y/body/w"}


def test_a_store_policy_reaches_into_bodies():
    model, _ = opened(LOOP)
    trace = model.run([1.0, 2.0], 2, store=["total/body/row"])
    kept = [e.name for e in trace.layers if e.kept]
    assert kept == ["total", "total/body/row", "total/body/row#2"], "the output layer's values are always kept"
    with pytest.raises(lm.UnknownNameError, match="was not stored"):
        trace["total/body/s2"]


def test_shapes_and_times_are_known_of_what_was_not_stored():
    model, _ = opened(BRANCH)
    trace = model.run([1.0, 2.0], True, store=False)
    assert [r.outputs[0].shape for r in trace.records()[:2]] == [(2,), ()]
    record = next(r for r in trace.records() if r.name == "h")
    assert (record.outputs[0].shape, record.outputs[0].dtype, record.bytes) == ((2,), "float32", 8)
    assert record.ms > 0


def test_an_error_inside_a_body_names_the_inner_layer():
    proto = onnx.parser.parse_model(BRANCH)
    proto.graph.node[1].attribute[0].g.node[1].op_type = "Gemm"
    with pytest.raises(lm.LaminaeError, match="'y/then/t'") as error:
        lm.open(proto).run([1.0, 2.0], True)
    assert "Gemm" in str(error.value)


def test_forty_functions_that_each_call_the_next_twice_open_and_show_at_once():
    functions = [
        f'<domain: "d", opset_import: ["": 18, "d": 1]> f{i} (x) => (y) {{ a = d.f{i + 1}(x)  y = d.f{i + 1}(a) }}'
        for i in range(40)
    ]
    last = '<domain: "d", opset_import: ["": 18, "d": 1]> f40 (x) => (y) { y = Relu(x) }'
    text = f'<ir_version: 9, opset_import: ["": 18, "d": 1]> m (float[2] x) => (float[2] y) {{ y = d.f0(x) }} {" ".join(functions)} {last}'
    model = lm.open(onnx.parser.parse_model(text))
    assert model.records()[-1].outputs[0].shape == (2,)
    assert model.check() == []


def test_a_body_is_a_model_to_look_at():
    model, _ = opened(BRANCH)
    assert [layer.name for layer in model["y"].bodies["then"].layers] == ["a", "t"]
    assert torch.equal(model["y"](*[torch.tensor(True)], h=torch.ones(2), x=torch.ones(2)), torch.tensor([2.0, 2.0]))


def test_an_endless_loop_ends_with_an_error_that_names_it(monkeypatch):
    monkeypatch.setattr(lm.settings, "max_passes", 50)
    model, _ = opened(LOOP.replace("(n, going, zero)", '("", going, zero)').replace(", int64 n", ""))
    with pytest.raises(lm.LayerError, match="'total'") as error:
        model([1.0, 2.0])
    assert "more than 50 times" in str(error.value)
    assert "max_passes" in str(error.value)


def test_ctrl_c_says_which_layer_was_running():
    @lm.register_operator("Interrupted", domain="test.bodies")
    def interrupted(x):
        raise KeyboardInterrupt

    model, _ = opened(BRANCH)
    layer = model.graph.layers[-1].bodies["then"].layers[0]
    layer.operator, layer.domain, layer.opset = "Interrupted", "test.bodies", 1
    model.graph.changed()
    with pytest.raises(KeyboardInterrupt) as stop:
        model.run([1.0, 2.0], True)
    assert stop.value.layer == "y/then/a"

"""Patches inside layers: turns of loops, branches, functions at each of their calls; the oracle is NumPy, or the loop unrolled."""

import numpy as np
import onnx.parser
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import laminae as lm
from laminae.graph.inside import at_path, some_inside
from tests.trace.patches import assert_same_bits
from tests.trace.test_bodies import BRANCH, FUNCTION, LOOP, NESTED

SCAN = """
<ir_version: 8, opset_import: ["": 18]>
scans (float[2] s, float[k, 2] xs) => (float[2] last, float[k, 2] sums)
{
  last, sums = Scan<num_scan_inputs = 1, body = body (float[2] a, float[2] x) => (float[2] b, float[2] c)
    { b = Add(a, x)  c = Mul(b, x) }>(s, xs)
}
"""
TWICE = """
<ir_version: 9, opset_import: ["": 18, "f": 1]>
twice (float[2] x) => (float[2] y) { a = f.outer(x)  y = f.outer(a) }
<domain: "f", opset_import: ["": 18, "f": 1]> outer (v) => (w) { p = f.inner(v)  w = f.inner(p) }
<domain: "f", opset_import: ["": 18]> inner (v) => (w) { h = Neg(v)  w = Sub(h, v) }
"""
X = np.array([1, 2], np.float32)


def opened(text):
    return lm.open(onnx.parser.parse_model(text))


def both(model, feeds, patch, store=True):
    """The patched run, and that resuming gives the same."""
    made = model.run(**feeds, patch=patch, store=store)
    resumed = model.run(**feeds, store=store).resume(patch)
    assert_same_bits(resumed._record, made._record)
    return made


def loop(turns, change):
    """The loop of LOOP in NumPy. change(turn, name, value)."""
    total, rows = np.zeros(2, np.float32), []
    for turn in range(1, turns + 1):
        total = change(turn, "s2", total + X)
        rows.append(change(turn, "row", total * total))
    return total, np.stack(rows)


@pytest.mark.parametrize(
    ("patch", "change"),
    [
        (lm.patch.scale("total/body/s2#2", 10.0), lambda t, n, v: v * 10 if (t, n) == (2, "s2") else v),
        (lm.patch.scale("total/body/s2", 10.0), lambda t, n, v: v * 10 if (t, n) == (1, "s2") else v),
        (lm.patch.scale("total/body/s2*", 2.0), lambda t, n, v: v * 2 if n == "s2" else v),
        (lm.patch.scale("total/body/row#[13]", 2.0), lambda t, n, v: v * 2 if n == "row" and t == 3 else v),
        (lm.patch.zero("op:Mul"), lambda t, n, v: v * 0 if n == "row" else v),
        (lm.patch.replace("total/body/*#3", 7.0, axis=0, index=1), None),
        (
            [lm.patch.add("total/body/s2", 1.0), lm.patch.scale("total/body/s2", 3.0)],
            lambda t, n, v: (v + 1) * 3 if (t, n) == (1, "s2") else v,
        ),
        (lm.patch.function("total/body/row*", lambda v: v - 5), lambda t, n, v: v - 5 if n == "row" else v),
    ],
    ids=["second turn", "first turn", "every turn", "some turns", "an operator", "a position", "two patches", "a function"],
)
def test_turns_of_a_loop(patch, change):
    model, feeds = opened(LOOP), {"x": X, "n": np.array(3)}
    if change is None:
        with pytest.raises(lm.PatchError, match="'total/body/i#3'"):
            model.run(**feeds, patch=patch)  # the number of the turn has no axis 0
        return
    made = both(model, feeds, patch)
    for found, expected in zip(made.output, loop(3, change), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("store", [True, False, "total", ["total/body/row"], lm.Store("**", reduce="mean")])
def test_loops_resume_under_any_policy(store):
    model, feeds = opened(LOOP), {"x": X, "n": np.array(3)}
    made = both(model, feeds, lm.patch.scale("total/body/s2#2", 10.0), store)
    np.testing.assert_allclose(made.outputs["total"], loop(3, lambda t, n, v: v * 10 if (t, n) == (2, "s2") else v)[0])


def test_what_a_body_is_given_can_be_patched_too():
    model, feeds = opened(LOOP), {"x": X, "n": np.array(3)}
    made = both(model, feeds, lm.patch.replace("total/body/s#3", 10.0))
    assert made.outputs["total"].tolist() == [11, 12]
    ended = both(model, feeds, lm.patch.replace("total/body/c#2", False))
    assert ended.outputs["steps"].shape == (2, 2), "its condition was handed on"
    ended = both(model, feeds, lm.patch.replace("total/body/c2#2", False))
    assert ended.outputs["steps"].shape == (2, 2), "the loop ends where its condition is made false"


def test_loops_in_loops_count_their_turns_through():
    model, feeds = opened(NESTED), {"x": X, "n": np.array(2)}
    name = "total/body/s2/body/r2"
    plain = model.run(**feeds)
    assert [e.name for e in plain if e.op == "Add"] == [name, *(f"{name}#{i}" for i in (2, 3, 4))]
    made = both(model, feeds, lm.patch.zero(f"{name}#3"))
    np.testing.assert_array_equal(made.output, X)  # ((1 + 1 + 1 → 0) + 1) · x
    both(model, feeds, lm.patch.zero(f"{name}*"))
    assert model.run(**feeds, patch=lm.patch.zero("**/r2#4")).output.tolist() == [0, 0]


def test_a_scan_by_its_turns():
    xs = np.arange(6, dtype=np.float32).reshape(3, 2)
    made = both(opened(SCAN), {"s": X, "xs": xs}, lm.patch.replace("last/body/b#2", 5.0))
    assert made.outputs["last"].tolist() == [5 + 4, 5 + 5]
    assert made.outputs["sums"][1].tolist() == [5 * 2, 5 * 3]


@pytest.mark.parametrize("up", [True, False])
def test_a_branch_that_is_not_taken_is_patched_in_vain(up):
    model, feeds = opened(BRANCH), {"x": np.array([-1, 2], np.float32), "up": np.array(up)}
    made = both(model, feeds, lm.patch.add("y/then/a", 100.0))
    expected = np.maximum(np.abs(feeds["x"]), 0) + 100 + feeds["x"] if up else -np.abs(feeds["x"])
    np.testing.assert_array_equal(made.output, expected)


def test_another_branch_is_taken_where_the_condition_is_patched():
    model, feeds = opened(BRANCH), {"x": np.array([-1, 2], np.float32), "up": np.array(True)}
    made = both(model, feeds, [lm.patch.replace("up", False), lm.patch.scale("y/else/e", 3.0)])
    np.testing.assert_array_equal(made.output, -3 * np.abs(feeds["x"]))
    assert "y/else/e" in made
    assert "y/then/a" not in made


def test_a_function_is_patched_at_one_of_its_calls():
    model = opened(FUNCTION)
    for name, expected in (("a/body/w", 2), ("y/body/w", 1), ("a", 2), ("y", 1)):
        made = both(model, {"x": X}, lm.patch.replace(name, 1.0))
        assert made.output[0] == expected, name
    assert both(model, {"x": X}, lm.patch.replace("*/body/w", 1.0)).output.tolist() == [1, 1]


def test_functions_that_call_functions():
    model = opened(TWICE)
    assert model(X).tolist() == [16, 32]
    names = [e.name for e in model.run(X) if e.op == "Neg"]
    assert names == ["a/body/p/body/h", "a/body/w/body/h", "y/body/p/body/h", "y/body/w/body/h"]
    for place, name in enumerate(names):
        made = both(model, {"x": X}, lm.patch.zero(name)).output
        v = X
        for call in range(4):
            v = (0 if call == place else -v) - v
        np.testing.assert_array_equal(made, v, err_msg=name)
    assert model.run(X, store=["y/body/w/body/h"])["y/body/w/body/h"].tolist() == [8, 16]


def test_forty_functions_that_each_call_the_next_twice_are_patched_at_once():
    functions = [
        f'<domain: "d", opset_import: ["": 18, "d": 1]> f{i} (x) => (y) {{ a = d.f{i + 1}(x)  y = d.f{i + 1}(a) }}'
        for i in range(40)
    ]
    last = '<domain: "d", opset_import: ["": 18, "d": 1]> f40 (x) => (y) { y = Relu(x) }'
    text = f'<ir_version: 9, opset_import: ["": 18, "d": 1]> m (float[2] x) => (float[2] y) {{ y = d.f0(x) }} {" ".join(functions)} {last}'
    model = opened(text)
    assert some_inside(model.graph.layers)[1] is False
    assert at_path(model.graph, "y/body/" + "a/body/" * 39 + "y/body/y") is not None
    from laminae.trace.patching import changes_of

    changes_of(
        model.graph, [lm.patch.zero("y/body/" + "a/body/" * 39 + "y/body/y"), lm.patch.zero("**/y"), lm.patch.zero("op:Relu")]
    )
    with pytest.raises(lm.UnknownNameError):
        changes_of(model.graph, [lm.patch.zero("y/body/b")])


@pytest.mark.parametrize("name", ["total/body/nothing", "total/body/s2/x", "total/nobody/s2", "body/s2", "s2"])
def test_a_name_that_no_body_has_is_refused(name):
    with pytest.raises(lm.UnknownNameError) as error:
        opened(LOOP).run(X, 3, patch=lm.patch.zero(name))
    assert "total/body/" in str(error.value)


def test_an_error_inside_names_the_turn():
    with pytest.raises(lm.PatchError, match="'total/body/s2#2'") as error:
        opened(LOOP).run(X, 3, patch=lm.patch.add("total/body/s2#2", np.ones(3)))
    assert "Add (opset 18)" in str(error.value)


@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from(["s2", "row"]), st.floats(-3, 3, width=32))
def test_any_turn_of_any_layer(turns, turn, name, number):
    model = opened(LOOP)
    patch = lm.patch.replace(f"total/body/{name}" + (f"#{turn}" if turn > 1 else ""), number)
    made = both(model, {"x": X, "n": np.array(turns)}, patch)
    expected = loop(turns, lambda t, n, v: np.full(2, number, np.float32) if (t, n) == (turn, name) else v)
    for found, value in zip(made.output, expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-5)


def test_a_torch_condition_and_its_bodies():
    class Branches(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x.sin() + 1, lambda x: x.cos() - 1, (x,))

    x = torch.ones(3)
    model = lm.open(Branches().eval(), example=(x,))
    inner = next(e.name for e in model.run(x) if "sin" in e.op)
    made = both(model, {model.input_layers[0].name: x}, lm.patch.zero(inner))
    assert torch.as_tensor(made[-1] if not isinstance(made[-1], tuple) else made[-1][0]).tolist() == [1, 1, 1]

"""Stepping: values are the run's, what is replaced is what follows, nothing the user does to a copy reaches the pass."""

import gc
import weakref

import numpy as np
import onnx.parser
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import laminae as lm
from laminae.ops.registry import register_operator
from tests.graphs import graphs, inputs, seeds
from tests.shared import NAMES, model_file, model_input
from tests.trace.test_bodies import LOOP

ALIVE: list[weakref.ref] = []


@register_operator("Remembered", domain="test.steps", pure=True)
def remembered(x):
    made = x + 1
    ALIVE.append(weakref.ref(made))
    return made


def alive() -> int:
    gc.collect()
    return sum(ref() is not None for ref in ALIVE)


def chain(count: int) -> lm.Model:
    """Each layer adds one."""
    from laminae.graph import Graph, Layer, Value

    graph = Graph("ones", opsets={"": 23, "test.steps": 1})
    value = graph.add_input("x", "float32", ("batch", 2))
    for i in range(count):
        made = Value(f"v{i}")
        graph.append(Layer(f"L{i}", "Remembered", (value,), (made,), domain="test.steps"))
        value = made
    graph.outputs = (value,)
    graph.changed()
    return lm.Model(graph=graph)


def small() -> lm.Model:
    layers = lm.Input(4, name="x"), lm.Linear(8, name="a"), lm.ReLU(name="r"), lm.Linear(3, name="b"), lm.Softmax(name="s")
    return lm.Model.chain(*layers, seed=1)


X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


@given(graphs(), seeds)
@settings(max_examples=60)
def test_every_value_is_that_of_a_run_bit_for_bit(graph, seed):
    model, x = lm.Model(graph=graph), inputs(graph, seed)
    trace = model.run(*x)
    steps = model.steps(*x)
    seen = [(layer.name, value) for layer, value in steps]
    outer = [entry for entry in trace.layers if not entry.inside]
    assert [name for name, _ in seen] == [entry.name for entry in outer]
    for (_, value), entry in zip(seen, outer, strict=True):
        for found, expected in zip(value if isinstance(value, tuple) else (value,), entry.values, strict=True):
            assert (found is None) == (expected is None)
            assert found is None or found.numpy().tobytes() == expected.numpy().tobytes()
    plain = trace.output if isinstance(trace.output, tuple) else (trace.output,)
    ends = steps.output if isinstance(steps.output, tuple) else (steps.output,)
    assert all(a.numpy().tobytes() == b.numpy().tobytes() for a, b in zip(ends, plain, strict=True))


@given(graphs(), seeds, st.data())
@settings(max_examples=60)
def test_a_replaced_value_gives_what_a_patched_run_gives(graph, seed, data):
    model, x = lm.Model(graph=graph), inputs(graph, seed)
    trace = model.run(*x)
    single = [e.name for e in trace.layers if not e.inside and len(e.values) == 1]
    name = data.draw(st.sampled_from(single))
    new = torch.randn(trace[name].shape, generator=torch.Generator().manual_seed(seed)).to(trace[name].dtype)
    expected = model.run(*x, patch={name: new}).output
    steps = model.steps(*x)
    for layer, _ in steps:
        if layer.name == name:
            steps.replace(new)
    found = steps.output
    pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
    assert all(torch.equal(a, b) or (a.isnan() == b.isnan()).all() for a, b in pairs)


@pytest.mark.parametrize("name", NAMES)
def test_the_real_models_can_be_stepped(name):
    model, x = lm.open(model_file(name)), model_input(name)
    trace = model.run(x)
    for layer, value in model.steps(x):
        assert value.numpy().tobytes() == trace[layer.name].numpy().tobytes()


def test_the_inputs_are_what_the_layer_read_by_name_parameters_too():
    model = small()
    trace = model.run(X)
    steps = model.steps(X, until="b")
    layer, _ = steps.run()
    assert layer == model["b"]
    assert set(steps.inputs) == {model["r"].outputs[0], "b.weight", "b.bias"}
    assert torch.equal(steps.inputs["r"], trace["r"])
    assert np.array_equal(steps.inputs["b.weight"].numpy(), np.asarray(model["b"].parameters["b.weight"]))
    with pytest.raises(lm.UnknownNameError, match="reads no 'x'"):
        steps.inputs["x"]


def test_writing_into_what_is_handed_out_changes_neither_pass_nor_weights():
    model = small()
    before, weight = model(X), np.array(model["b"].parameters["b.weight"])
    x = torch.tensor(X)
    steps = model.steps(x)
    for _, value in steps:
        x.fill_(9)
        value.fill_(7)
        for given_value in steps.inputs.values():
            given_value.fill_(5)
        assert (steps.value == 7).all(), "the copy is the user's own"
    assert torch.equal(steps.output, before)
    steps.output.fill_(3)
    assert torch.equal(steps.output, before)
    assert np.array_equal(weight, np.asarray(model["b"].parameters["b.weight"]))


def test_what_is_replaced_is_a_copy():
    model = small()
    steps = model.steps(X, until="r")
    steps.run()
    new = torch.ones(3, 8)
    steps.replace(new)
    new.fill_(100)
    steps.run()
    assert torch.equal(steps.output, model.run(X, patch={"r": torch.ones(3, 8)}).output)


def test_numbers_and_lists_take_the_dtype_that_was_there_and_arrays_must_have_it():
    model = small()
    steps = model.steps(X, until="r")
    steps.run()
    steps.replace(2)
    assert torch.equal(steps.value, torch.full((3, 8), 2.0))
    steps.replace([[1] * 8] * 3)
    assert steps.value.dtype == torch.float32
    with pytest.raises(lm.PatchError, match="another dtype"):
        steps.replace(np.zeros((3, 8)))
    with pytest.raises(lm.PatchError, match="cannot give a str"):
        steps.replace("zero")
    assert torch.equal(steps.value, torch.ones(3, 8)), "what was refused changed nothing"


def test_a_value_of_another_shape_is_refused_by_the_layer_that_cannot_take_it_and_can_be_put_right():
    model = small()
    steps = model.steps(X, until="r")
    steps.run()
    steps.replace(torch.zeros(3, 5))
    with pytest.raises(lm.ShapeError, match="layer 'b'"):
        steps.step()
    steps.replace(torch.zeros(3, 8))
    steps.run()
    assert steps.output.shape == (3, 3)


def test_before_the_first_layer_there_is_nothing_to_replace_and_before_the_end_no_output():
    steps = small().steps(X)
    assert steps.layer is None
    with pytest.raises(lm.UsageError, match="no layer has run"):
        steps.replace(0)
    with pytest.raises(lm.UsageError, match="5 layers are left"):
        _ = steps.output


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("r", ["r"]),
        ("op:Gemm", ["a", "b"]),
        (["r", "s"], ["r", "s"]),
        ("nan", []),
        ("abs>0.95", ["x", "a"]),
        ("min >= 0", ["r", "s"]),
        ("max<-5", []),
        (lambda layer, value: layer.operator == "Relu" and bool((value == 0).any()), ["r"]),
        (["b", lambda layer, value: layer.name == "r"], ["r", "b"]),
    ],
)
def test_it_stops_where_the_breakpoint_holds(until, expected):
    model = small()
    trace = model.run(X)
    found = [layer.name for layer, _ in model.steps(X, until=until)]
    if isinstance(until, str) and until.startswith("abs"):
        expected = [e.name for e in trace.layers if float(e.output.abs().max()) > 0.95]
    assert found == expected


def test_it_stops_at_the_first_nan_with_the_inputs_at_hand():
    module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())

    class Odd(torch.nn.Module):
        def forward(self, x):
            return torch.log(module(x) - 1).exp()

    x = torch.tensor(X)
    steps = lm.open(Odd().eval(), example=(x,)).steps(x, until="nan")
    layer, value = steps.run()
    (entered,) = steps.inputs.values()
    assert layer.operator == "log"
    assert torch.equal(value.isnan(), entered < 0)
    assert not entered.isnan().any()


def test_run_goes_on_to_the_next_breakpoint_then_to_the_end():
    steps = small().steps(X)
    assert steps.step()[0].name == "x"
    assert steps.run("r")[0].name == "r"
    assert steps.run(until="op:Gemm")[0].name == "b"
    assert steps.run() is None
    assert steps.done
    assert steps.step() is None
    assert steps.output.shape == (3, 3)


def test_a_breakpoint_that_means_nothing_is_refused_before_anything_runs():
    model = small()
    with pytest.raises(lm.UnknownNameError, match="there is no layer 'q'"):
        model.steps(X, until="q")
    with pytest.raises(lm.UsageError, match="nowhere to stop"):
        model.steps(X, until=3)


def test_layers_in_bodies_are_one_step_of_their_layer():
    model = lm.open(onnx.parser.parse_model(LOOP))
    x, n = np.array([1, 2], np.float32), np.array(3)
    trace = model.run(x, n)
    steps = model.steps(x, n)
    seen = {layer.name: value for layer, value in steps}
    assert list(seen) == [e.name for e in trace.layers if not e.inside]
    total, rows = seen["total"]
    assert torch.equal(total, trace.values["total"])
    assert torch.equal(rows, trace.values["steps"])
    with pytest.raises(lm.UsageError, match="stop at") as refused:
        model.steps(x, n, until="total/body/s2")
    assert refused.value.details["stop at"] == "'total'"


def test_of_several_outputs_one_can_be_replaced():
    model = lm.open(onnx.parser.parse_model(LOOP))
    steps = model.steps(np.array([1, 2], np.float32), np.array(3), until="total")
    _, (_, rows) = steps.run()
    with pytest.raises(lm.PatchError, match="has 2 outputs"):
        steps.replace(torch.zeros(2))
    steps.replace((torch.zeros(2), None))
    steps.run()
    assert torch.equal(steps.output[0], torch.zeros(2))
    assert torch.equal(steps.output[1], rows)


def test_values_are_freed_after_their_last_use_and_all_of_them_when_it_is_left():
    model = chain(20)
    ALIVE.clear()
    steps = model.steps(X[:, :2])
    for place, _ in enumerate(steps):
        assert alive() <= 2, "the layer's own value and what it was given"
        if place == 10:
            break
    assert alive() > 0
    steps.close()
    assert alive() == 0
    ALIVE.clear()
    for place, _ in enumerate(model.steps(X[:, :2])):
        if place == 10:
            break
    assert alive() == 0, "leaving the loop is enough"


def test_closing_says_so_and_with_closes():
    with small().steps(X) as steps:
        steps.run("r")
    assert steps.step() is None
    with pytest.raises(lm.UsageError, match="was closed"):
        _ = steps.output


def test_random_layers_draw_as_in_a_run():
    module = torch.nn.Sequential(torch.nn.Linear(4, 50), torch.nn.Dropout(0.5)).train()
    model = lm.open(module, example=(torch.tensor(X),))
    torch.manual_seed(3)
    expected = model(X)
    torch.manual_seed(3)
    steps = model.steps(X)
    steps.run()
    assert torch.equal(steps.output, expected)


def test_what_ran_is_told_as_a_table():
    steps = small().steps(X, until="r")
    steps.run()
    assert [record.name for record in steps.records] == ["x", "a", "r"]
    assert [record.outputs[0].shape for record in steps.records] == [(3, 4), (3, 8), (3, 8)]
    assert "2 of 5 layers left" in str(steps)
    assert repr(steps) == "Steps(at 'r', 2 layers left)"


def test_a_breakpoint_that_fails_names_the_layer_and_one_that_says_no_number_is_refused():
    for stops in (lambda layer, value: 1 / 0, lambda layer: True, lambda layer, value: value > 0):
        with pytest.raises(lm.UsageError, match="breakpoint's function failed at layer 'x'"):
            list(small().steps(X, until=stops))
    for until in ("abs>1e", "abs>--", "abs>.", "abs>nan", "abs>"):
        with pytest.raises(lm.UnknownNameError):
            small().steps(X, until=until)
    assert [layer.name for layer, _ in small().steps(X, until="abs>-.5e-1")] == ["x", "a", "r", "b", "s"]

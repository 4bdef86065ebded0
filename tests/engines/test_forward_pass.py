"""The forward pass: every layer once, in order; what is stored is what was made; exact whatever is stored."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings

import laminae as lm
from laminae.base.errors import LayerError, ShapeError
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.ops.registry import register_operator
from laminae.trace.session import Session
from tests.graphs import branch, graphs, inputs, seeds

RAN: list[str] = []


@register_operator("Noted", domain="test.noted")
def noted(x, *, name):
    RAN.append(name)
    return x + 1


@register_operator("InPlace", domain="test.noted")
def in_place(x):
    return x.add_(1)


def chain(count: int, operator: str = "Relu", **attributes) -> Graph:
    graph = Graph("chain", opsets={"": 23})
    value = graph.add_input("x", "float32", ("batch", 2))
    for i in range(count):
        made = Value(f"v{i}")
        graph.layers.append(Layer(f"L{i}", operator, (value,), (made,), dict(attributes), opset=23))
        value = made
    graph.outputs = (value,)
    graph.changed()
    return graph


def diamond(levels: int) -> Graph:
    """Each layer reads both before it."""
    graph = Graph("diamond", opsets={"": 23, "test.noted": 1})
    a = b = graph.add_input("x", "float32", ("batch", 2))
    for i in range(levels):
        total, made = Value(f"sum{i}"), Value(f"v{i}")
        graph.append(Layer(f"sum{i}", "Add", (a, b), (total,), opset=23))
        graph.append(Layer(f"L{i}", "Noted", (total,), (made,), {"name": f"L{i}"}, domain="test.noted"))
        a, b = b, made
    graph.outputs = (b,)
    graph.changed()
    return graph


def test_a_diamond_of_60_levels_runs_60_layers_in_order():
    session = Session(diamond(60))
    for run in (lambda: session.call(([[0.0, 0.0]],), {}), lambda: session.run(([[0.0, 0.0]],), {})):
        RAN.clear()
        run()
        assert [f"L{i}" for i in range(60)] == RAN


@given(graphs(), seeds)
def test_storing_never_changes_a_bit(graph, seed):
    session, x = Session(graph), inputs(graph, seed)
    plain = session.call(x, {})
    plain = plain if isinstance(plain, tuple) else (plain,)
    for store in (True, False, "L0*", ["op:Add", "x0"] if any(layer.operator == "Add" for layer in graph.layers) else True):
        for found, expected in zip(session.run(x, {}, store).run.outputs, plain, strict=True):
            assert found.numpy().tobytes() == expected.numpy().tobytes()


@given(graphs(), seeds)
def test_a_stored_output_is_never_changed_by_what_happens_later(graph, seed):
    session, x = Session(graph), inputs(graph, seed)
    record = session.run(x, {})
    outputs = session.call(x, {})
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    stored = [(entry, [v.clone() for v in entry.values]) for entry in record.entries]
    kept = [out.clone() for out in outputs]
    for array in x:
        array += 100
    for _, inner in graph.graphs():
        for parameter in inner.parameters.values():
            parameter.tensor().mul_(3)
        for layer in inner.layers:
            for attribute in layer.attributes.values():
                if isinstance(attribute, np.ndarray) and attribute.dtype == np.float32:
                    attribute += 5
    session.run(x, {})
    for entry, values in stored:
        for now, then in zip(entry.values, values, strict=True):
            assert torch.equal(now, then), f"{entry.name} changed"
    for now, then in zip(outputs, kept, strict=True):
        assert torch.equal(now, then)


@given(graphs(), seeds)
def test_writing_into_an_output_changes_no_parameter_and_no_input(graph, seed):
    session, x = Session(graph), inputs(graph, seed)
    before = [array.copy() for array in x]
    outputs = session.call(x, {})
    again = [out.clone() for out in (outputs if isinstance(outputs, tuple) else (outputs,))]
    for out in outputs if isinstance(outputs, tuple) else (outputs,):
        out.fill_(float("nan"))
    assert all(np.array_equal(a, b) for a, b in zip(x, before, strict=True))
    new = session.call(x, {})
    for found, expected in zip(new if isinstance(new, tuple) else (new,), again, strict=True):
        assert torch.equal(found, expected)


def test_depth_10_000_runs_copies_and_pickles():
    graph = chain(10_000, "Identity")
    x = np.ones((1, 2), dtype=np.float32)
    for twin in (graph, copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
        assert torch.equal(Session(twin).call((x,), {}), torch.ones(1, 2))
        assert len(Session(twin).run((x,), {}).entries) == 10_001


def test_a_copy_has_parameters_of_its_own():
    graph = Graph("one", opsets={"": 23})
    x = graph.add_input("x", "float32", (2,))
    weight = graph.add_parameter(Parameter("w", np.ones(2, dtype=np.float32)))
    made = Value("y")
    graph.append(Layer("y", "Add", (x, weight), (made,), opset=23))
    graph.outputs = (made,)
    twin = copy.deepcopy(graph)
    twin.parameters["w"].tensor().add_(5)
    assert Session(graph).call(([0.0, 0.0],), {}).tolist() == [1, 1]
    assert Session(twin).call(([0.0, 0.0],), {}).tolist() == [6, 6]


def one_layer(operator: str, domain: str = "test.noted", outputs: int = 1) -> lm.Model:
    graph = Graph("one", opsets={"": 23, domain: 1})
    x = graph.add_input("x", "float32", (2,))
    first, made = Value("r"), tuple(Value(f"y{i}") for i in range(outputs))
    graph.append(Layer("r", "Relu", (x,), (first,), opset=23))
    graph.append(Layer("y", operator, (first,), made, domain=domain))
    graph.outputs = made
    return lm.Model(graph=graph)


def test_a_users_operator_can_harm_nothing_that_is_stored():
    buffer = torch.zeros(2)

    @register_operator("Buffered", domain="test.noted")
    def buffered(x):
        buffer.copy_(x)
        x.numpy()[:] = 99
        return buffer

    model, x = one_layer("Buffered"), np.array([1, 2], np.float32)
    trace = model.run(x)
    model.run([7.0, 7.0])
    assert (trace["r"].tolist(), trace["y"].tolist(), x.tolist()) == ([1, 2], [1, 2], [1, 2])
    trace = one_layer("InPlace").run(x)
    assert (trace["r"].tolist(), trace["y"].tolist()) == ([1, 2], [2, 3])


@pytest.mark.parametrize("made", [None, 1.0, [torch.ones(2)], np.ones(2), (), (torch.ones(2), torch.ones(2)), "text"], ids=repr)
def test_a_users_operator_that_gives_no_tensor_is_blamed_itself(made):
    register_operator("Wrong", lambda x: made, domain="test.wrong")
    with pytest.raises(LayerError, match="layer 'y'") as error:
        one_layer("Wrong", "test.wrong")([1.0, 2.0])
    assert "Wrong" in str(error.value)


def test_a_tuple_of_one_tensor_is_one_output_and_registering_again_takes_effect():
    register_operator("Again", lambda x: (x + 1,), domain="test.noted")
    model = one_layer("Again")
    assert model([1.0, 2.0]).tolist() == [2, 3]
    register_operator("Again", lambda x: x + 10, domain="test.noted")
    assert model([1.0, 2.0]).tolist() == [11, 12]


def test_what_does_not_say_what_it_takes_is_refused_when_registered():
    with pytest.raises(lm.UsageError, match="does not say what it takes"):
        register_operator("Builtin", torch.relu, domain="test.noted")
    with pytest.raises(lm.UsageError, match="belongs to the standard"):
        register_operator("Relu", lambda x: x, domain="")


def test_inside_inference_mode_the_model_stays_trainable():
    model = lm.Model.chain(lm.Input(3), lm.Linear(2, name="fc"))
    with torch.inference_mode():
        inside = model(torch.ones(1, 3))
    model.parameters["fc.weight"].tensor().requires_grad_()
    assert torch.equal(model(torch.ones(1, 3)), inside)


def test_a_trace_stays_as_it_was_when_the_model_is_edited():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(2, name="a"), lm.ReLU(name="b"))
    trace = model.run(np.ones((1, 3), np.float32))
    before = str(trace), list(trace.outputs), list(trace.values)
    model.insert(lm.Sigmoid(name="s"), after="b")
    model.rename("a", "first")
    model.remove("b")
    assert (str(trace), list(trace.outputs), list(trace.values)) == before


def test_nothing_of_a_trace_stays_in_memory_when_it_is_let_go():
    import gc
    import weakref

    graph = Graph("branch", opsets={"": 23})
    x = graph.add_input("x", "float32", (2,))
    condition, made = Value("c"), Value("y")
    graph.append(Layer("c", "Constant", (), (condition,), {"value": np.array(True)}, opset=23))
    bodies = {key: branch(key, x, "Relu") for key in ("then_branch", "else_branch")}
    graph.append(Layer("y", "If", (condition,), (made,), bodies, opset=23))
    graph.outputs = (made,)
    gc.collect()
    gc.disable()
    try:
        trace = lm.Model(graph=graph).run([1.0, 2.0])
        stored = weakref.ref(trace["y/then/then_branch/a"])
        del trace
        assert stored() is None, "freed at once, not by the garbage collector"
    finally:
        gc.enable()


def test_a_failed_layer_is_named_with_its_operator_shapes_and_origins():
    graph = Graph("misfit", opsets={"": 13})
    x = graph.add_input("image", "float32", None)
    flat, out = Value("flatten"), Value("fc")
    weight = graph.add_parameter(Parameter("fc.weight", np.zeros((512, 10), dtype=np.float32)))
    graph.append(Layer("flatten", "Flatten", (x,), (flat,), opset=13))
    graph.append(Layer("fc", "Gemm", (flat, weight), (out,), group="classifier", opset=13))
    graph.outputs = (out,)
    with pytest.raises(ShapeError) as error:
        Session(graph).call((np.zeros((8, 2048), dtype=np.float32),), {})
    text = str(error.value)
    for part in ("layer 'fc' cannot take its input", "Gemm (opset 13), layer 3 of 3, group classifier", "[8, 2048]",
                 "from 'flatten'", "parameter 'fc.weight'", "last size of A (2048)", "first of B (512)"):  # fmt: skip
        assert part in text


@settings(max_examples=50)
@given(graphs(), seeds)
def test_each_layer_alone_and_each_stretch_is_a_function(graph, seed):
    """model(x) = last(… first(x)) for layers as functions, and for a model cut in two at any place."""
    model, x = lm.Model(graph=graph), inputs(graph, seed)
    trace = model.run(*x)
    values = dict(trace.values)
    for layer in model.layers:
        if layer.is_input:
            continue
        # what it reads of other layers, bodies included, in order of first use
        reads = dict.fromkeys(v.name for v in layer._layer.reads if isinstance(v, Value))
        made = layer(*[values[name] for name in reads])
        made = made if isinstance(made, tuple) else (made,)
        for found, name in zip(made, layer.outputs, strict=True):
            assert torch.equal(found, values[name])
    for cut in range(1, len(graph.layers) - len(graph.inputs)):
        layers = [layer for layer in graph.layers if not layer.is_input]
        part = model[layers[cut].name :]
        found = part(**{v.name: values[v.name] for v in part.graph.inputs})
        by_name = dict(zip(part.outputs, found if isinstance(found, tuple) else (found,), strict=True))
        for name in by_name:
            assert torch.equal(by_name[name], values[name])


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (1, 2, 3, 4)])
@pytest.mark.parametrize("attributes", [{"transB": 1}, {"transB": 0}])
def test_gemm_takes_rank_2_only(shape, attributes):
    graph = Graph("gemm", opsets={"": 13})
    x, made = graph.add_input("x", "float32"), Value("y")
    weight = graph.add_parameter(Parameter("w", np.ones((4, 4), np.float32)))
    graph.append(Layer("fc", "Gemm", (x, weight), (made,), attributes, opset=13))
    graph.outputs = (made,)
    with pytest.raises(ShapeError, match="layer 'fc'") as error:
        Session(graph).call((np.ones(shape, np.float32),), {})
    assert "rank 2" in str(error.value)

"""Every operator with a derivative learns inside a model: weights before it and after it, held against finite differences."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

import laminae as lm
from laminae.base.arrays import as_numpy
from laminae.graph import Graph, Layer, Parameter, Value
from tests.ops.test_gradients import by_operator, floats, function

OPSET = 23


def model_of(turn, places, given):
    """x · weight → the operator → · weight: one weight for each float input, and a factor for its first output of floats."""
    graph = Graph("one operator", opsets={"": OPSET})
    x = graph.add_input("x", "float64", ())
    inputs = []
    for i, item in enumerate(turn.inputs):
        if item is None or isinstance(item, list):
            inputs.append(None if item is None else _list(graph, i, item))
            continue
        array = given[places.index(i)].detach() if i in places else item
        box = graph.add_parameter(Parameter(f"w{i}" if i in places else f"c{i}", _wide(array)))
        box.metadata |= {} if i in places else {"laminae.role": "constant"}
        inputs.append(_layer(graph, "Mul", f"in{i}", box, x) if i in places else box)
    outputs = tuple(Value("out" if i == 0 else f"out.{i}") for i in range(len(turn.layer.outputs)))
    attributes = dict(turn.layer.attributes)
    layer = Layer("op", turn.layer.operator, tuple(inputs), outputs, attributes, domain=turn.layer.domain, opset=turn.layer.opset)
    graph.append(layer)
    return graph, outputs


def _wide(array):
    array = as_numpy(array)
    return array.astype(np.float64) if array.dtype in (np.float32, np.float16) else array.copy()


def _list(graph, i, items):
    boxes = [
        graph.add_parameter(Parameter(f"c{i}.{k}", _wide(x), metadata={"laminae.role": "constant"})) for k, x in enumerate(items)
    ]
    return _layer(graph, "SequenceConstruct", f"list{i}", *boxes)


def _layer(graph, operator, name, *inputs):
    return graph.append(Layer(name, operator, inputs, (Value(name),), opset=OPSET)).outputs[0]


def finished(graph, outputs, which, made):
    """With a factor for the output number `which`."""
    value = outputs[which]
    if isinstance(made, list):
        value = _layer(graph, "SequenceAt", "first", value, graph.add_parameter(Parameter("at", np.array(0))))
    value = _layer(graph, "Mul", "y", value, graph.add_parameter(Parameter("factor", np.array([1.5]))))
    graph.outputs = (value,)
    graph.changed()
    return lm.Model(graph=graph)


def first_with_derivative(turn):
    """The places of its float inputs, values for them, and its first output that has a derivative; None where it has none."""
    places = floats(turn)
    _, given = function(turn, places, turn.attributes())
    base = [x.double() if torch.is_tensor(x) and x.is_floating_point() else x for x in turn.inputs]
    args = list(base)
    for place, x in zip(places, given, strict=True):
        args[place] = x
    made = turn.operator.run(*args, **turn.attributes())
    made = made if isinstance(made, tuple) else (made,)
    for i, part in enumerate(made[: len(turn.layer.outputs)]):
        one = part[0] if isinstance(part, list) and part else part
        if (
            torch.is_tensor(one)
            and one.is_floating_point()
            and one.requires_grad
            and one.numel()
            and turn.layer.outputs[i] is not None
        ):
            return places, given, i, part
    return None


def learns(turn, found):
    """What is wrong with how it learns, "" where nothing is."""
    places, given, which, part = found
    graph, outputs = model_of(turn, places, given)
    model = finished(graph, outputs, which, part)
    x = np.array(1.0)
    y = model(x)
    target = y + torch.randn(y.shape, generator=torch.Generator().manual_seed(0), dtype=y.dtype)
    if not torch.isfinite(target).all():
        return ""
    checked = lm.check_gradients(model, x, target, samples=3)
    if not checked:
        return f"derivatives are wrong: {checked!r}"
    back = model.run(x, backward=True).backward("mse", target)
    norm = sum(float(g.square().sum()) for g in back.weights.values())
    before = back.loss
    with lm.stepper(model, "mse", lm.optimizer("sgd", lr=max(1e-14, 1e-6 * before / max(norm, 1e-12)))) as step:
        step(x, target)
        after = float(torch.nn.functional.mse_loss(model(x), target))
    return "" if after < before else f"the loss went from {before} to {after}"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:no derivative")
def test_every_operator_with_a_derivative_learns_inside_a_model():
    learned, wrong = set(), []
    for (domain, name, since), group in by_operator().items():
        differentiable = [(turn, found) for turn in group if (found := first_with_derivative(turn)) is not None]
        for turn, found in differentiable[:2]:
            try:
                said = learns(turn, found)
            except lm.LaminaeError as error:
                said = f"{type(error).__name__}: {error.message} {error.details}"
            if said:
                wrong.append(f"{domain}.{name}-{since} in {turn.case}: {said}")
            learned.add((domain, name, since))
    assert not wrong, "\n".join(wrong)
    assert len(learned) >= 130


def with_body(kind):
    """A model whose weight lies in a body: the branch of an If, the body of a Loop that goes round three times, of a Scan."""
    info = helper.make_tensor_value_info
    weight = numpy_helper.from_array(np.array([0.5, -1.0, 2.0], np.float32), "w")
    vector = ["batch", 3]
    held = []
    if kind == "If":
        then = helper.make_graph(
            [helper.make_node("Mul", ["x", "w"], ["t"], "times")], "then", [], [info("t", 1, vector)], [weight]
        )
        other = helper.make_graph([helper.make_node("Neg", ["x"], ["e"], "neg")], "else", [], [info("e", 1, vector)])
        held = [numpy_helper.from_array(np.array(True), "yes")]
        node = helper.make_node("If", ["yes"], ["y"], "if", then_branch=then, else_branch=other)
    elif kind == "Loop":
        inside = [helper.make_node("Mul", ["v", "w"], ["t"], "times"), helper.make_node("Identity", ["c"], ["c2"], "same")]
        taken, given = [info("i", 7, []), info("c", 9, []), info("v", 1, vector)], [info("c2", 9, []), info("t", 1, vector)]
        held = [numpy_helper.from_array(np.array(3), "trips")]
        node = helper.make_node(
            "Loop", ["trips", "", "x"], ["y"], "loop", body=helper.make_graph(inside, "b", taken, given, [weight])
        )
    else:
        inside = [helper.make_node("Mul", ["row", "w"], ["t"], "times")]
        body = helper.make_graph(inside, "b", [info("row", 1, [3])], [info("t", 1, [3])], [weight])
        node = helper.make_node("Scan", ["x"], ["y"], "scan", body=body, num_scan_inputs=1)
    graph = helper.make_graph([node], "g", [info("x", 1, vector)], [info("y", 1, vector)], held)
    return lm.open(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))


@pytest.mark.parametrize("kind", ["If", "Loop", "Scan"])
def test_weights_in_bodies_learn(kind):
    model = with_body(kind)
    x, target = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), torch.zeros(4, 3)
    assert lm.check_gradients(model, x, target)
    before = float(model(x).square().mean())
    with lm.stepper(model, "mse", lm.optimizer("sgd", lr=0.01)) as step:
        assert len(step.weights) == 1
        step(x, target)
    assert float(model(x).square().mean()) < before


def test_weights_that_get_no_derivative_are_named_once_of_a_file_too(recwarn):
    """Of two outputs the loss is of one; what only the other needs is named, in a branch that is not taken too."""
    info = helper.make_tensor_value_info
    weights = [numpy_helper.from_array(np.ones((3, 2), np.float32), name) for name in ("used", "spare", "never")]
    other = helper.make_graph(
        [helper.make_node("MatMul", ["x", "never"], ["e"], "m3")], "else", [], [info("e", TensorProto.FLOAT, None)]
    )
    then = helper.make_graph(
        [helper.make_node("MatMul", ["x", "used"], ["t"], "m1")], "then", [], [info("t", TensorProto.FLOAT, None)]
    )
    nodes = [
        helper.make_node("If", ["yes"], ["a"], "if", then_branch=then, else_branch=other),
        helper.make_node("MatMul", ["x", "spare"], ["b"], "m2"),
    ]
    shapes = [info(name, TensorProto.FLOAT, ["batch", 2]) for name in "ab"]
    held = [*weights, numpy_helper.from_array(np.array(True), "yes")]
    graph = helper.make_graph(nodes, "g", [info("x", TensorProto.FLOAT, ["batch", 3])], shapes, held)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(proto)
    model = lm.open(proto, tied=True)
    with lm.stepper(model, "mse", "sgd", output="a") as step:
        for _ in range(3):
            step(np.ones((2, 3), np.float32), torch.zeros(2, 2))
    told = [str(w.message) for w in recwarn if "derivative" in str(w.message)]
    assert len(told) == 1
    assert "spare" in told[0]
    assert "never" in told[0]
    assert "used" not in told[0]

"""Faults planted in ONNX models: one weight, one attribute, an activation taken away, put in or moved. Each changes what its layer
computes beyond tolerance, which ONNX Runtime's own values of the sound model vouch for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from laminae.base.records import ATOL, RTOL

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Fault:
    """name: of the layer; which: "a", "b" or "both" have it. what: in words."""

    model: onnx.ModelProto
    what: str
    name: str
    which: str


def name_of(node: onnx.NodeProto) -> str:
    return node.name or node.output[0]


def faults(model: onnx.ModelProto, values: Values, seed: int) -> Iterator[Fault]:
    """Faults of every kind in turn, at random places, for ever; those that nobody could see are left out.

    values: of every value of the sound model.
    """
    rng = np.random.default_rng(seed)
    kinds = [weight, attribute, taken_out, put_in, weight, attribute, moved]
    turn = 0
    while True:
        found = _some(kinds[turn % len(kinds)], model, values, rng)
        turn += 1
        if found is not None:
            yield found


def _some(kind: Callable[..., Fault | None], model: onnx.ModelProto, values: Values, rng: np.random.Generator) -> Fault | None:
    """A fault of a kind at one of the places that allow it; None where none does."""
    for at in rng.permutation(len(model.graph.node)):
        twin = copy.deepcopy(model)
        found = kind(twin, int(at), values, rng)
        if found is not None:
            return found
    return None


def _initializers(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    return {i.name: i for i in model.graph.initializer}


def weight(model: onnx.ModelProto, at: int, values: Values, rng: np.random.Generator) -> Fault | None:
    """One number of one weight."""
    node, held = model.graph.node[at], _initializers(model)
    names = [x for x in node.input if x in held and numpy_helper.to_array(held[x]).dtype == np.float32]
    readers = [sum(x in n.input for n in model.graph.node) for x in names]
    names = [x for x, count in zip(names, readers, strict=True) if count == 1]
    if not names:
        return None
    name = names[int(rng.integers(len(names)))]
    array = numpy_helper.to_array(held[name]).copy()
    place = int(rng.integers(array.size))
    array.reshape(-1)[place] += 1 + 3 * np.abs(array).max()
    held[name].CopyFrom(numpy_helper.from_array(array, name))
    return _seen(model, node, values, f"element {place} of {name}")


CHANGES: dict[str, tuple[tuple[str, Any, Any], ...]] = {
    "Conv": (("strides", [1, 1], [2, 2]), ("dilations", [1, 1], [2, 2]), ("pads", [0, 0, 0, 0], [1, 1, 1, 1])),
    "BatchNormalization": (("epsilon", 1e-5, 0.5),),
    "LayerNormalization": (("epsilon", 1e-5, 0.5), ("epsilon", 1e-12, 0.5)),
    "Softmax": (("axis", -1, 1), ("axis", 2, 1), ("axis", 1, -2), ("axis", 3, 2)),
    "Gemm": (("alpha", 1.0, 1.5), ("beta", 1.0, 0.5)),
    "MaxPool": (("strides", [2, 2], [1, 1]),),
    "Concat": (("axis", 1, 2), ("axis", -1, 1)),
    "Transpose": (("perm", [0, 2, 1, 3], [0, 2, 3, 1]), ("perm", [0, 2, 3, 1], [0, 3, 2, 1]), ("perm", [0, 2, 1], [0, 1, 2])),
    "Gelu": (("approximate", b"none", b"tanh"),),
    "ReduceMean": (("keepdims", 1, 0),),
}
"""Operator → attribute, its value or default, another."""


def attribute(model: onnx.ModelProto, at: int, values: Values, rng: np.random.Generator) -> Fault | None:
    """One attribute."""
    node = model.graph.node[at]
    options = [change for change in CHANGES.get(node.op_type, ()) if _given(node, change[0], change[1])]
    if not options:
        return None
    name, _, new = options[int(rng.integers(len(options)))]
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, new)])
    return _seen(model, node, values, f"{node.op_type}.{name} = {new}")


def _given(node: onnx.NodeProto, name: str, value: Any) -> bool:
    """Whether the attribute has this value, or is left out where it is the default of any rank."""
    found = [helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    if not found:
        return name not in ("perm", "strides", "dilations", "pads")
    return bool(np.isclose(found[0], value)) if isinstance(value, float) else found[0] == value


ACTIVATIONS = ("Relu", "Erf", "Sigmoid", "Tanh", "Gelu", "Clip")


def taken_out(model: onnx.ModelProto, at: int, values: Values, rng: np.random.Generator) -> Fault | None:
    """An activation; whoever read it reads what it read."""
    node = model.graph.node[at]
    outputs = {out.name for out in model.graph.output}
    if node.op_type not in ACTIVATIONS or node.output[0] in outputs:
        return None
    if not _differ(values[node.input[0]], values[node.output[0]]):
        return None
    _instead(model, node.output[0], node.input[0])
    del model.graph.node[at]
    return Fault(model, f"{node.op_type} taken out", name_of(node), "a")


def put_in(model: onnx.ModelProto, at: int, values: Values, rng: np.random.Generator) -> Fault | None:
    """A Relu behind a layer."""
    node = model.graph.node[at]
    value, outputs = node.output[0], {out.name for out in model.graph.output}
    readers = [n for n in model.graph.node if value in n.input]
    if value in outputs or not readers or values[value].dtype != np.float32:
        return None
    if not _differ(values[value], np.maximum(values[value], 0)) or all(n.op_type in ("Relu", "Shape") for n in readers):
        return None
    _instead(model, value, "planted_value")
    model.graph.node.insert(at + 1, helper.make_node("Relu", [value], ["planted_value"], name="planted"))
    return Fault(model, f"Relu behind {name_of(node)}", "planted", "b")


def moved(model: onnx.ModelProto, at: int, values: Values, rng: np.random.Generator) -> Fault | None:
    """A Relu behind the layer that read it, where that is the only one and not a Relu itself."""
    node = model.graph.node[at]
    outputs = {out.name for out in model.graph.output}
    readers = [n for n in model.graph.node if node.output[0] in n.input]
    if node.op_type != "Relu" or node.output[0] in outputs or len(readers) != 1:
        return None
    reader = readers[0]
    after = reader.output[0]
    weighty = reader.op_type in ("Conv", "MatMul", "Gemm", "BatchNormalization")
    if not weighty or after in outputs or not _differ(values[node.input[0]], values[node.output[0]]):
        return None
    before, out = node.input[0], node.output[0]
    for i, name in enumerate(reader.input):
        if name == out:
            reader.input[i] = before
    for n in model.graph.node:
        for i, name in enumerate(n.input):
            if name == after and n is not reader:
                n.input[i] = out
    relu = helper.make_node("Relu", [after], [out], name=node.name)
    place = list(model.graph.node).index(reader)
    model.graph.node.insert(place + 1, relu)
    del model.graph.node[at]
    return Fault(model, f"Relu moved behind {name_of(reader)}", node.name or out, "a")


def _instead(model: onnx.ModelProto, value: str, other: str) -> None:
    """Whoever reads a value reads another."""
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            if name == value:
                node.input[i] = other


def _seen(model: onnx.ModelProto, node: onnx.NodeProto, values: Values, what: str) -> Fault | None:
    """The fault, if the layer alone, run by the reference evaluator on the sound values, gives something else."""
    held = {name: numpy_helper.to_array(tensor) for name, tensor in _initializers(model).items()}
    feeds = {name: held.get(name, values.get(name)) for name in node.input if name}
    if any(x is None for x in feeds.values()):
        return None
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for k, v in feeds.items()],
        [onnx.ValueInfoProto(name=node.output[0])],
    )
    one = helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)
    try:
        (made,) = ReferenceEvaluator(one).run([node.output[0]], feeds)
    except Exception:  # an attribute that this layer cannot take: another place is looked for
        return None
    return Fault(model, what, name_of(node), "both") if _differ(made, values[node.output[0]]) else None


def _differ(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.shape != expected.shape or not np.allclose(found, expected, RTOL, ATOL)

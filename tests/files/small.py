"""Small ModelProtos to open, break and save: made with onnx.helper, which is not ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from laminae.graph import Graph, Layer, Parameter, Value

FLOAT = TensorProto.FLOAT


def node(operator: str, inputs: Sequence[str], outputs: Sequence[str], name: str = "", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, list(inputs), list(outputs), name=name, **attributes)


def value(name: str, shape: Sequence[Any] | None = ("batch", 4), dtype: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def tensor(name: str, shape: Sequence[int] = (4, 4), seed: int = 0) -> onnx.TensorProto:
    return numpy_helper.from_array(np.random.default_rng(seed).standard_normal(shape).astype(np.float32), name)


def raw(name: str, dims: Sequence[int], data: bytes = b"", dtype: int = FLOAT) -> onnx.TensorProto:
    """A tensor that says what it likes of itself."""
    return TensorProto(name=name, dims=dims, data_type=dtype, raw_data=data)


def model(
    nodes: Sequence[onnx.NodeProto],
    *,
    inputs: Sequence[onnx.ValueInfoProto] = (),
    outputs: Sequence[onnx.ValueInfoProto] = (),
    parameters: Sequence[onnx.TensorProto] = (),
    functions: Sequence[onnx.FunctionProto] = (),
    opset: int = 17,
    ir: int = 8,
    domains: Sequence[str] = (),
) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), "small", list(inputs or [value("x")]), list(outputs), list(parameters))
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, functions=list(functions), opset_imports=imports, ir_version=ir)


def sound() -> onnx.ModelProto:
    """x → MatMul → Relu → y, one weight."""
    return model(
        [node("MatMul", ["x", "w"], ["h"], "mul"), node("Relu", ["h"], ["y"], "act")],
        outputs=[value("y")],
        parameters=[tensor("w")],
    )


def function(name: str, nodes: Sequence[onnx.NodeProto], opset: int = 17, **rest: Any) -> onnx.FunctionProto:
    """A function x → y of domain `local`."""
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_function("local", name, ["x"], ["y"], list(nodes), imports, **rest)


def calls(name: str, *called: str) -> onnx.FunctionProto:
    """A function that calls others one after another."""
    names = ["x", *(f"h{i}" for i in range(len(called) - 1)), "y"]
    return function(name, [node(to, [a], [b], domain="local") for to, a, b in zip(called, names, names[1:], strict=False)])


def doubling(depth: int) -> onnx.ModelProto:
    """A model whose functions call the next one twice: 2^depth Relus if they were written out."""
    functions = [calls(f"f{i}", f"f{i + 1}", f"f{i + 1}") for i in range(depth)]
    last = function(f"f{depth}", [node("Relu", ["x"], ["y"])])
    return model(
        [node("f0", ["x"], ["y"], "top", domain="local")], outputs=[value("y")], functions=[*functions, last], domains=["local"]
    )


def nested(depth: int) -> onnx.ModelProto:
    """If in If in If…, `depth` bodies deep."""
    inner = helper.make_graph([node("Neg", ["x"], ["b0"])], "b0", [], [value("b0")])
    for i in range(1, depth):
        branch = node("If", ["c"], [f"b{i}"], then_branch=inner, else_branch=inner if i == 1 else _else(i))
        inner = helper.make_graph([branch], f"b{i}", [], [value(f"b{i}")])
    top = node("If", ["c"], ["y"], "top", then_branch=inner, else_branch=_else(depth))
    return model([top], inputs=[value("x"), value("c", (), TensorProto.BOOL)], outputs=[value("y")])


def _else(i: int) -> onnx.GraphProto:
    return helper.make_graph([node("Neg", ["x"], [f"e{i}"])], f"e{i}", [], [value(f"e{i}")])


def nested_bytes(depth: int) -> bytes:
    """The same as bytes, deeper than protobuf itself would build it."""
    head = model([], outputs=[value("x")])
    head.graph.ClearField("node")
    graph = head.graph.SerializeToString()
    head.ClearField("graph")
    for _ in range(depth):
        attribute = onnx.AttributeProto(name="then_branch", type=5).SerializeToString() + field(6, graph)
        graph = field(1, onnx.NodeProto(op_type="If").SerializeToString() + field(5, attribute))
    return head.SerializeToString() + field(7, graph)


def field(number: int, data: bytes) -> bytes:
    """A field of bytes in protobuf's wire format."""
    out, size = bytearray([number << 3 | 2]), len(data)
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    return bytes(out) + bytes([size]) + data


def built() -> Graph:
    """x → Mul by w → y, as a builder makes it."""
    graph = Graph("built", opsets={"": 21})
    x = graph.add_input("x", "float32", ("batch", None, 4))
    w = graph.add_parameter(Parameter("w", np.arange(4, dtype=np.float32)))
    y = Value("y", "float32", ("batch", None, 4))
    graph.append(Layer("scale", "Mul", (x, w), (y,), opset=21))
    graph.outputs = (y,)
    return graph


def add(graph: Graph, **attributes: object) -> Layer:
    layer = Layer("own", "Own", (graph.outputs[0],), (Value("z"),), dict(attributes), domain="d")
    graph.opsets["d"] = 1
    return graph.append(layer)

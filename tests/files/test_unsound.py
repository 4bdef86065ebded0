"""Models that are not sound: each is refused at once, with a message that names the place, what was expected and found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from laminae.base.errors import FileError, LaminaeError, ModelError
from laminae.files.onnx_reader import read
from tests.files import small


def sparse_parameter(dims=(6,), indices=(1, 3)):
    """The sound model with a sparse initializer as well."""
    values = onnx.numpy_helper.from_array(np.array([1, 2], np.float32), "s")
    where = onnx.numpy_helper.from_array(np.array(indices, np.int64))
    return broken(lambda g: g.sparse_initializer.add(values=values, indices=where, dims=dims))


def parameter(tensor: onnx.TensorProto) -> onnx.ModelProto:
    """A sound model with one parameter more."""
    proto = small.sound()
    proto.graph.initializer.append(tensor)
    return proto


def header(change: Callable[[onnx.ModelProto], object]) -> onnx.ModelProto:
    proto = small.sound()
    change(proto)
    return proto


def broken(change: Callable[[onnx.GraphProto], object]) -> onnx.ModelProto:
    proto = small.sound()
    change(proto.graph)
    return proto


def cycle() -> onnx.ModelProto:
    return small.model(
        [small.node("Add", ["x", "c"], ["a"], "A"), small.node("Relu", ["a"], ["b"], "B"), small.node("Neg", ["b"], ["c"], "C")],
        outputs=[small.value("c")],
    )


def body_that_reads_its_own_layer() -> onnx.ModelProto:
    proto = small.nested(1)
    proto.graph.node[0].attribute[0].g.node[0].input[0] = "y"
    return proto


def body_with_a_cycle() -> onnx.ModelProto:
    proto = small.nested(1)
    body = next(a.g for a in proto.graph.node[0].attribute if a.name == "then_branch")
    body.node[0].input[0] = "q"
    body.node.append(small.node("Relu", ["b0"], ["q"], "Q"))
    return proto


def recursive(*names: str) -> onnx.ModelProto:
    functions = [small.calls(a, b) for a, b in zip(names, [*names[1:], names[0]], strict=True)]
    top = small.node(names[0], ["x"], ["y"], domain="local")
    return small.model([top], outputs=[small.value("y")], functions=functions, domains=["local"])


def chain_of_functions(depth: int) -> onnx.ModelProto:
    functions = [small.calls(f"f{i}", f"f{i + 1}") for i in range(depth)]
    functions.append(small.function(f"f{depth}", [small.node("Relu", ["x"], ["y"])]))
    top = small.node("f0", ["x"], ["y"], domain="local")
    return small.model([top], outputs=[small.value("y")], functions=functions, domains=["local"])


def attribute(change: Callable[[onnx.NodeProto], object]) -> onnx.ModelProto:
    proto = small.sound()
    change(proto.graph.node[1])
    return proto


UNSOUND = {
    "cycle": (cycle(), ["form a cycle", "A → B → C → A"]),
    "body reads what its own layer makes": (body_that_reads_its_own_layer(), ["form a cycle", "top → top"]),
    "cycle in a body": (body_with_a_cycle(), ["form a cycle", "'b0'", "Q"]),
    "value made by nobody": (broken(lambda g: g.node[0].input.__setitem__(1, "v")), ["layer 'mul' (MatMul) reads 'v'", "nobody makes"]),
    "nearly the right name": (broken(lambda g: g.node[1].input.__setitem__(0, "hh")), ["reads 'hh'", "there are", "'h'"]),
    "output made by nobody": (broken(lambda g: g.output.append(small.value("z"))), ["has the output 'z'", "nobody makes"]),
    "value made twice": (broken(lambda g: g.node.append(small.node("Neg", ["x"], ["h"], "again"))), ["'h' is made twice", "'mul'", "'again'"]),
    "value with a parameter's name": (broken(lambda g: g.node[0].output.__setitem__(0, "w")), ["'w' is made twice", "a parameter"]),
    "value with an input's name": (broken(lambda g: g.node[1].output.__setitem__(0, "x")), ["'x' is made twice", "an input"]),
    "input twice": (broken(lambda g: g.input.append(small.value("x"))), ["'x' twice"]),
    "input without a name": (broken(lambda g: g.input.append(small.value(""))), ["an input without a name"]),
    "parameter twice": (parameter(small.tensor("w")), ["parameter 'w' is there twice"]),
    "parameter without a name": (parameter(small.tensor("")), ["has no name"]),
    "layer without an operator": (broken(lambda g: g.node[1].ClearField("op_type")), ["'act' has no operator"]),
    "sparse parameter of nothing": (broken(lambda g: g.sparse_initializer.add()), ["unknown data type"]),
    "sparse parameter, too large": (sparse_parameter(dims=[1 << 40]), ["'s'", "too large", "bytes at most"]),
    "sparse parameter, no dims": (sparse_parameter(dims=[]), ["'s'", "dims"]),
    "sparse parameter, negative dims": (sparse_parameter(dims=[-3]), ["'s'", "dims"]),
    "sparse parameter, index outside": (sparse_parameter(indices=[0, 9]), ["'s'", "outside"]),
    "sparse parameter, out of order": (sparse_parameter(indices=[3, 1]), ["'s'", "out of order"]),
    "sparse parameter, too few indices": (sparse_parameter(indices=[1]), ["'s'", "indices", "[2] or [2, 1]"]),
    "no operator sets": (header(lambda m: m.ClearField("opset_import")), ["does not say which operator sets"]),
    "opset of the future": (header(lambda m: m.opset_import.__getitem__(0).__setattr__("version", 999)), ["does not exist", "999", "1 to"]),
    "opset 0": (header(lambda m: m.opset_import.__getitem__(0).__setattr__("version", 0)), ["does not exist", "0"]),
    "two opsets of one domain": (header(lambda m: m.opset_import.add(domain="ai.onnx", version=12)), ["two versions", "17 and 12"]),
    "domain without a version": (broken(lambda g: g.node[1].__setattr__("domain", "com.some")), ["'act'", "com.some", "Relu"]),
    "IR version 2": (header(lambda m: m.__setattr__("ir_version", 2)), ["IR version 2", "3 to 14"]),
    "IR version 99": (header(lambda m: m.__setattr__("ir_version", 99)), ["IR version 99", "newer Laminae"]),
    "unknown data type": (parameter(small.raw("p", [1], b"1234", dtype=99)), ["'p'", "unknown data type", "99"]),
    "data type 0": (parameter(small.raw("p", [1], b"1234", dtype=0)), ["'p'", "unknown data type"]),
    "unknown type of an input": (broken(lambda g: g.input[0].type.tensor_type.__setattr__("elem_type", 77)), ["'x'", "77"]),
    "negative size": (parameter(small.raw("p", [-4], bytes(16))), ["'p'", "negative size", "[-4]"]),
    "negative size of an input": (broken(lambda g: g.input.append(small.value("q", [-4]))), ["'q'", "negative size"]),
    "two negative sizes": (parameter(small.raw("p", [-2, -2], bytes(16))), ["'p'", "negative size"]),
    "too little data": (parameter(small.raw("p", [3, 4], bytes(12))), ["'p'", "[3, 4]", "48 bytes", "12 bytes"]),
    "too much data": (parameter(small.raw("p", [1], bytes(8))), ["'p'", "4 bytes", "8 bytes"]),
    "no data": (parameter(small.raw("p", [3])), ["'p'", "12 bytes", "0 bytes"]),
    "dims that overflow": (parameter(small.raw("p", [2**62, 4], bytes(16))), ["'p'", "16 bytes"]),
    "dims that overflow to nothing": (parameter(small.raw("p", [2**62, 0])), ["'p'", "dims no array can have"]),
    "a hundred dims": (parameter(small.raw("p", [1] * 100, bytes(4))), ["'p'", "100 dims", "64 at most"]),
    "too few in a typed field": (
        parameter(TensorProto(name="p", dims=[3], data_type=1, float_data=[1, 2])), ["'p'", "3 in float_data", "2"]),
    "data in the wrong field": (
        parameter(TensorProto(name="p", dims=[2], data_type=1, int32_data=[1, 2])), ["'p'", "2 in float_data", "0"]),
    "strings as raw bytes": (parameter(small.raw("p", [1], b"ab", dtype=TensorProto.STRING)), ["'p'", "strings", "string_data"]),
    "segments": (parameter(TensorProto(name="p", dims=[1], data_type=1, segment={"begin": 0})), ["'p'", "segments"]),
    "attribute twice": (
        attribute(lambda n: n.attribute.extend([helper.make_attribute("a", 1)] * 2)), ["layer 'act'", "'a' twice"]),
    "attribute of no type": (attribute(lambda n: n.attribute.add(name="a")), ["layer 'act', attribute 'a'", "no type"]),
    "attribute of an unknown type": (
        attribute(lambda n: n.MergeFromString(b"\x2a\x06\x0a\x01a\xa0\x01\x63")), ["attribute 'a'", "no type"]),
    "attribute with a tensor that lies": (
        attribute(lambda n: n.attribute.add(name="a", type=4).t.CopyFrom(small.raw("", [9]))), ["attribute 'a'", "36 bytes"]),
    "list of graphs": (
        attribute(lambda n: n.attribute.append(helper.make_attribute("a", [small.sound().graph]))), ["attribute 'a'", "list of graphs"]),
    "metadata under our key": (attribute(lambda n: n.metadata_props.add(key="onnx.kept", value="x")), ["'onnx.kept'", "taken"]),
    "function calls itself": (recursive("f"), ["'local.f' calls itself", "local.f"]),
    "functions in a ring": (recursive("f", "g", "h"), ["calls itself", "'local.f' → 'local.g' → 'local.h' → 'local.f'"]),
    "functions 101 deep": (chain_of_functions(101), ["more than 100 deep"]),
    "function twice": (
        header(lambda m: m.functions.extend([small.function("f", [small.node("Relu", ["x"], ["y"])])] * 2)), ["'local.f' is there twice"]),
    "function reads what nobody makes": (
        header(lambda m: m.functions.append(small.function("f", [small.node("Relu", ["w"], ["y"])]))), ["reads 'w'", "nobody makes"]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSOUND)
def test_is_refused_and_says_why(name):
    proto, words = UNSOUND[name]
    with pytest.raises(ModelError) as caught:
        read(proto.SerializeToString())
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert caught.value.details["file"] == "bytes"


def test_graphs_nested_deeper_than_protobuf_reads():
    with pytest.raises(FileError, match="nested too deep"):
        read(small.nested_bytes(40))


def test_graphs_nested_thirty_one_deep_are_read_and_written():
    from laminae.files.onnx_writer import to_bytes
    from laminae.graph.equality import differences

    graph = read(small.nested(31).SerializeToString())
    assert differences(graph, read(to_bytes(graph))) == []


@pytest.mark.parametrize("text", [b"mul", b"MatMul", b"small", b"batch", b"why", b"because", b"over", b"attr", b"a text"])
def test_a_text_that_is_not_utf8_is_refused(text):
    proto = small.sound()
    proto.graph.node[0].metadata_props.add(key="why", value="because")
    proto.graph.node[0].overload, proto.graph.node[0].doc_string = "over", "a text"
    proto.graph.node[0].attribute.append(helper.make_attribute("attr", 1))
    with pytest.raises(LaminaeError, match="not UTF-8"):
        read(proto.SerializeToString().replace(text, b"\xff" + text[1:]))


def test_a_size_of_minus_one_that_some_exporters_write_is_a_size_not_known():
    proto = small.model([], inputs=[small.value("x", [-1, 4])], outputs=[small.value("x", [-1, 4])])
    assert read(proto).inputs[0].shape == (None, 4)


def test_booleans_that_are_neither_0_nor_1_become_true():
    array = read(parameter(small.raw("p", [3], b"\0\1\7", dtype=TensorProto.BOOL))).parameters["p"].array
    np.testing.assert_array_equal(array.view(np.uint8), [0, 1, 1])

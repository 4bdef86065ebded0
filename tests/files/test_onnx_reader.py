"""How a file becomes a graph: names, versions, attributes, bodies, functions, parameters."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

from laminae.files.onnx_reader import read
from laminae.files.onnx_writer import to_proto
from laminae.graph import Graph, Reference, Serialized
from tests.files import small


def names(graph: Graph) -> list[str]:
    return [layer.name for layer in graph.layers]


def test_layers_are_named_after_node_or_output_or_operator_and_each_once():
    nodes = [
        small.node("Relu", ["x"], ["a"], "relu"),
        small.node("Relu", ["a"], ["b"], "relu"),
        small.node("Relu", ["b"], ["c"]),
        small.node("Relu", ["c"], ["d"], "x"),
        small.node("Relu", ["d"], [""]),
        small.node("Relu", ["d"], ["e"], "relu"),
    ]
    graph = read(small.model(nodes, outputs=[small.value("e")]))
    assert names(graph) == ["x", "relu", "relu#2", "c", "x#2", "Relu", "relu#3"]


def test_sizes_are_numbers_names_or_not_known():
    proto = small.model(
        [],
        inputs=[small.value("x", ["batch", 3, None]), small.value("y", None), small.value("z", ())],
        outputs=[small.value("x")],
    )
    assert [value.shape for value in read(proto).inputs] == [("batch", 3, None), None, ()]
    assert [value.dtype for value in read(proto).inputs] == ["float32"] * 3


def test_a_layer_has_the_version_its_domain_has():
    proto = small.model(
        [small.node("Relu", ["x"], ["h"], domain="ai.onnx"), small.node("Own", ["h"], ["y"], domain="com.some")],
        outputs=[small.value("y")],
        domains=["com.some"],
    )
    graph = read(proto)
    assert [(layer.domain, layer.opset) for layer in graph.layers[1:]] == [("", 17), ("com.some", 1)]
    assert graph.opsets == {"": 17, "com.some": 1}


def test_attributes_are_plain_python():
    body = helper.make_graph([small.node("Neg", ["x"], ["n"])], "body", [], [small.value("n")])
    node = small.node(
        "Own", ["x"], ["y"], f=0.5, i=7, s="text", b=b"\xff", t=small.tensor("t", (2,)), g=body, fs=[0.5, 1.0], is_=[1, 2], ss=["a", b"\xfe"]
    )  # fmt: skip
    node.attribute.add(name="nothing", type=onnx.AttributeProto.INTS)
    node.attribute.append(helper.make_attribute("kind", helper.make_tensor_type_proto(1, [2, "n"])))
    node.attribute.add(name="ts", type=onnx.AttributeProto.TENSORS).tensors.extend([small.tensor("t", (1,))] * 2)
    found = read(small.model([node], outputs=[small.value("y")])).layers[1].attributes
    assert {k: found[k] for k in ("f", "i", "s", "b", "fs", "is_", "ss", "nothing")} == {
        "f": 0.5, "i": 7, "s": "text", "b": b"\xff", "fs": [0.5, 1.0], "is_": [1, 2], "ss": ["a", b"\xfe"], "nothing": []
    }  # fmt: skip
    assert found["t"].dtype == np.float32
    assert [t.shape for t in found["ts"]] == [(1,), (1,)]
    assert isinstance(found["g"], Graph)
    assert isinstance(found["kind"], Serialized)
    assert found["kind"].text == "tensor(float32)[2, n]"


def test_a_body_reads_the_very_values_of_outside_even_those_made_later_in_the_file():
    branch = helper.make_graph([small.node("Add", ["h", "w"], ["o"], "add")], "b", [], [small.value("o")])
    nodes = [
        small.node("If", ["c"], ["y"], "if", then_branch=branch, else_branch=branch),
        small.node("Relu", ["x"], ["h"], "relu"),
    ]
    inputs = [small.value("x"), small.value("c", (), TensorProto.BOOL)]
    graph = read(small.model(nodes, inputs=inputs, outputs=[small.value("y")], parameters=[small.tensor("w")]))
    assert names(graph) == ["x", "c", "relu", "if"]
    add = graph.layers[3].attributes["then_branch"].layers[0]
    assert add.inputs == (graph.layers[2].outputs[0], graph.parameters["w"])


def test_a_body_may_use_a_name_again_and_means_its_own():
    branch = helper.make_graph([small.node("Neg", ["x"], ["h"]), small.node("Relu", ["h"], ["o"])], "b", [], [small.value("o")])
    nodes = [
        small.node("Relu", ["x"], ["h"]),
        small.node("If", ["c"], ["y"], "if", then_branch=branch, else_branch=branch),
    ]
    inputs = [small.value("x"), small.value("c", (), TensorProto.BOOL)]
    body = read(small.model(nodes, inputs=inputs, outputs=[small.value("y")])).layers[-1].attributes["then_branch"]
    assert body.layers[1].inputs[0] is body.layers[0].outputs[0]


def test_a_loop_body_has_inputs_of_its_own():
    body = helper.make_graph(
        [small.node("Identity", ["c"], ["c2"]), small.node("Relu", ["v"], ["v2"])],
        "body",
        [small.value("i", (), TensorProto.INT64), small.value("c", (), TensorProto.BOOL), small.value("v")],
        [small.value("c2", (), TensorProto.BOOL), small.value("v2")],
    )
    proto = small.model([small.node("Loop", ["", "", "x"], ["y"], "loop", body=body)], outputs=[small.value("y")])
    loop = read(proto).layers[1]
    assert loop.inputs[:2] == (None, None)
    assert [value.name for value in loop.attributes["body"].inputs] == ["i", "c", "v"]


def test_functions_are_shared_and_references_are_kept():
    leaf = small.function("leaf", [small.node("LeakyRelu", ["x"], ["y"])], opset=16, attributes=["slope"])
    leaf.node[0].attribute.add(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    top = [
        small.node("leaf", ["x"], ["h"], "a", domain="local", slope=0.5),
        small.node("leaf", ["h"], ["y"], "b", domain="local"),
    ]
    graph = read(small.model(top, outputs=[small.value("y")], functions=[leaf], domains=["local"]))
    function = graph.functions["local", "leaf", ""]
    assert [layer.function for layer in graph.layers[1:]] == [function, function]
    assert function.attributes == ("slope",)
    inner = function.graph.layers[1]
    assert inner.attributes == {"alpha": Reference("slope", 1)}
    assert inner.opset == 16


def test_overloads_of_a_function_are_told_apart():
    one, two = (small.function("f", [small.node(operator, ["x"], ["y"])]) for operator in ("Relu", "Neg"))
    two.overload = "neg"
    top = small.node("f", ["x"], ["y"], domain="local")
    top.overload = "neg"
    graph = read(small.model([top], outputs=[small.value("y")], functions=[one, two], domains=["local"], ir=10))
    assert graph.layers[1].function is graph.functions["local", "f", "neg"]
    assert to_proto(graph).graph.node[0].overload == "neg"


def test_in_old_files_every_initializer_is_an_input_and_none_may_be_overridden():
    inputs = [small.value("x"), small.value("w", [4, 4])]
    for ir, overridable in ((3, False), (8, True)):
        proto = small.sound()
        proto.ir_version = ir
        del proto.graph.input[:]
        proto.graph.input.extend(inputs)
        graph = read(proto)
        assert [value.name for value in graph.inputs] == ["x"]
        assert graph.parameters["w"].overridable is overridable
        assert [info.name for info in to_proto(graph).graph.input] == ["x", "w"]


def test_an_input_that_is_no_tensor_says_its_type_in_words():
    proto = small.model([], outputs=[small.value("x")])
    sequence = proto.graph.input.add(name="s")
    sequence.type.optional_type.elem_type.sequence_type.elem_type.tensor_type.elem_type = TensorProto.FLOAT
    graph = read(proto)
    value = graph.inputs[1]
    assert (value.dtype, value.shape) == (None, None)
    assert value.kind == "optional(sequence(tensor(float32)[…]))"
    assert to_proto(graph).graph.input[1] == sequence


def test_metadata_of_a_value_that_is_a_weight_is_the_weights():
    proto = small.sound()
    info = small.value("w", [4, 4])
    info.metadata_props.add(key="pkg.onnxscript.optimizer.folded_from", value="['a', 'b']")
    proto.graph.value_info.append(info)
    assert read(proto).parameters["w"].metadata == {"pkg.onnxscript.optimizer.folded_from": "['a', 'b']"}


def test_files_older_than_types_of_attributes():
    proto = small.sound()
    proto.graph.node[1].attribute.add(name="alpha").f = 0.25
    assert read(proto).layers[2].attributes == {"alpha": 0.25}


def test_path_bytes_and_proto_give_equal_graphs(tmp_path):
    from laminae.graph.equality import differences

    proto = small.sound()
    path = tmp_path / "m.onnx"
    path.write_bytes(proto.SerializeToString())
    by_path = read(path)
    for source in (str(path), path.read_bytes(), bytearray(path.read_bytes()), memoryview(path.read_bytes()), proto):
        assert differences(by_path, read(source)) == []


def test_an_opened_graph_can_be_pickled():
    from laminae.graph.equality import differences

    graph = read(small.doubling(3))
    assert differences(graph, pickle.loads(pickle.dumps(graph))) == []


def test_importing_the_room_does_not_import_onnx():
    program = (
        "import laminae.files.onnx_reader, laminae.files.onnx_writer, sys; print('onnx' in sys.modules, 'torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]

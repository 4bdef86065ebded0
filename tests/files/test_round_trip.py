"""open → save → open gives an equal model: the official cases, real models, exported ones, random ones."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings

from laminae.files.onnx_reader import read
from laminae.files.onnx_writer import to_bytes, to_proto, write
from laminae.graph import Graph
from laminae.graph.equality import differences
from tests.files import small
from tests.graphs import graphs
from tests.shared import NAMES, model_file

LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("light_*.onnx"))


def test_every_official_case_is_read_and_written_equal():
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = load_model_tests(kind="node")
    assert len(cases) > 1500
    found = {}
    for case in cases:
        graph = read(case.model)
        data = to_bytes(graph)
        found[case.name] = differences(graph, read(data))
        again = onnx.ModelProto.FromString(data)
        assert [n.op_type for n in again.graph.node] == [n.op_type for n in case.model.graph.node]
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_light_networks_are_written_equal_and_pass_onnx_own_checker(path, tmp_path):
    graph = read(path)
    for external in (False, True):
        saved = tmp_path / f"{external}.onnx"
        write(graph, saved, external=external)
        assert differences(graph, read(saved)) == []
        onnx.checker.check_model(str(saved))


@pytest.mark.parametrize("name", NAMES)
def test_real_models_are_written_equal(name, tmp_path):
    graph = read(model_file(name))
    write(graph, tmp_path / "again.onnx")
    assert differences(graph, read(tmp_path / "again.onnx")) == []
    assert differences(graph, read(to_proto(graph))) == []


@pytest.mark.parametrize("name", NAMES)
def test_onnx_itself_reads_the_same_weights_from_what_we_write(name, tmp_path):
    path = model_file(name)
    write(read(path), tmp_path / "again.onnx", external=True)
    given, again = onnx.load(path), onnx.load(tmp_path / "again.onnx")
    assert [t.name for t in given.graph.initializer] == [t.name for t in again.graph.initializer]
    for one, other in zip(given.graph.initializer, again.graph.initializer, strict=True):
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(one), onnx.numpy_helper.to_array(other))


@given(graphs())
@settings(max_examples=60)
def test_a_built_graph_comes_back_equal(graph):
    for layer in graph.layers[1:]:
        layer.group = "/".join(layer.name[:2]) if len(layer.name) % 2 else ""
    again = read(to_bytes(graph))
    assert differences(graph, again) == []
    assert differences(again, read(to_bytes(again))) == []


@given(graphs(max_layers=6))
@settings(max_examples=20)
def test_a_built_graph_passes_onnx_own_checker(graph):
    for _, inner in graph.graphs():
        for out in inner.outputs:
            out.dtype, out.shape = "float32", ("batch", 4)
    onnx.checker.check_model(to_proto(graph))


def test_an_order_that_is_wrong_is_put_right_once_and_saved_right():
    proto = small.sound()
    nodes = list(proto.graph.node)[::-1]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    graph = read(proto)
    assert [layer.name for layer in graph.layers] == ["x", "mul", "act"]
    assert graph.notes["sorted"] is True
    again = read(to_bytes(graph))
    assert "sorted" not in again.notes
    assert differences(graph, again) == []


def test_functions_and_their_attributes_come_back_equal():
    proto = small.doubling(5)
    leaf = small.function("leaf", [small.node("LeakyRelu", ["x"], ["y"])], attributes=["slope"])
    attribute = leaf.node[0].attribute.add(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    assert attribute.ref_attr_name == "slope"
    leaf.attribute_proto.append(onnx.helper.make_attribute("power", 3))
    proto.functions.append(leaf)
    graph = read(proto)
    assert graph.functions["local", "leaf", ""].defaults == {"power": 3}
    assert differences(graph, read(to_bytes(graph))) == []


def test_nothing_that_a_file_says_is_lost():
    """Everything an ONNX file can say, and fields of a later version: after a round trip each is where it was."""
    proto = _talkative()
    again = onnx.ModelProto.FromString(to_bytes(read(proto.SerializeToString())))
    for field, _ in proto.ListFields():
        if field.name not in ("graph", "functions"):
            assert getattr(again, field.name) == getattr(proto, field.name), field.name
    for kind in ("node", "input", "output", "value_info", "quantization_annotation", "metadata_props", "doc_string"):
        assert _sorted(again.graph, kind) == _sorted(proto.graph, kind), kind
    assert again.graph.initializer[0] == proto.graph.initializer[0]
    assert _unknown(again) == _unknown(proto) != {}


def _sorted(graph: onnx.GraphProto, kind: str) -> object:
    items = getattr(graph, kind)
    return items if isinstance(items, str) else sorted(item.SerializeToString(deterministic=True) for item in items)


def _unknown(proto: onnx.ModelProto) -> dict[str, list[tuple[int, bytes]]]:
    from google.protobuf.unknown_fields import UnknownFieldSet

    parts = {"model": proto, "graph": proto.graph, "node": proto.graph.node[0], "tensor": proto.graph.initializer[0]}
    return {name: [(f.field_number, f.data) for f in UnknownFieldSet(part)] for name, part in parts.items()}


def _talkative() -> onnx.ModelProto:
    proto = small.sound()
    proto.producer_name, proto.producer_version, proto.domain, proto.model_version = "someone", "1.2", "org.some", 7
    proto.doc_string, proto.graph.doc_string = "the model", "the graph"
    later = b"\xfa\x3f\x05later"  # field 1023
    for part in (proto, proto.graph):
        part.metadata_props.add(key="author", value="someone")
    proto.training_info.add().algorithm.name = "sgd"
    proto.configuration.add(name="two", num_devices=2)
    proto.graph.quantization_annotation.add(tensor_name="w").quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="s")
    proto.graph.value_info.append(small.value("h"))
    proto.graph.value_info[0].type.denotation = "TENSOR"
    proto.graph.value_info[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    proto.graph.value_info.append(small.value("of_nobody"))
    proto.graph.input[0].doc_string = "an input"
    node = proto.graph.node[0]
    node.doc_string = "a node"
    node.metadata_props.add(key="why", value="because")
    node.device_configurations.add(configuration_id="two").pipeline_stage = 1
    attribute = node.attribute.add(name="empty", type=onnx.AttributeProto.FLOATS)
    attribute.doc_string = "an empty list of floats"
    weight = proto.graph.initializer[0]
    weight.doc_string = "a weight"
    weight.metadata_props.add(key="from", value="here")
    for part in (proto, proto.graph, node, weight):
        part.MergeFromString(later)
    return proto


@pytest.mark.slow
def test_what_pytorch_exports_comes_back_equal_and_in_groups():
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")

    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query = torch.nn.Linear(8, 8)

        def forward(self, x):
            return torch.softmax(self.query(x), -1) + x

    network = torch.nn.ModuleDict({"layer": torch.nn.Sequential(Block(), Block())})["layer"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(network.eval(), (torch.randn(2, 8),), dynamo=True, verbose=False)
        script = io.BytesIO()
        torch.onnx.export(network.eval(), (torch.randn(2, 8),), script, dynamo=False)
    for data, expected in ((program.model_proto.SerializeToString(), "0/query"), (script.getvalue(), "0/query")):
        graph = read(data)
        assert expected in {layer.group for layer in graph.layers}
        assert differences(graph, read(to_bytes(graph))) == []


def test_saving_over_the_file_whose_weights_are_mapped(tmp_path):
    path = tmp_path / "m.onnx"
    proto = small.model(
        [small.node("MatMul", ["x", "w"], ["y"], "mul")], outputs=[small.value("y")], parameters=[small.tensor("w", (4, 512))]
    )
    for external in (False, True, True, False):
        path.write_bytes(proto.SerializeToString()) if not path.exists() else None
        graph = read(path)
        write(graph, path, external=external)
        assert differences(graph, read(path)) == []
    np.testing.assert_array_equal(read(path).parameters["w"].numpy(), onnx.numpy_helper.to_array(proto.graph.initializer[0]))
    assert sorted(os.listdir(tmp_path)) == ["m.onnx", "m.onnx.data"]


def test_an_empty_graph_of_one_input_that_is_the_output():
    proto = small.model([], outputs=[small.value("x")])
    graph = read(proto)
    assert isinstance(graph, Graph)
    assert graph.outputs == graph.inputs
    assert differences(graph, read(to_bytes(graph))) == []

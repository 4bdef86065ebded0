"""What cannot be said in a file is refused, naming the layer; what can be said in other words is."""

from __future__ import annotations

import numpy as np
import pytest

from laminae.base.errors import AttributeValueError, DTypeError, FileError, ModelError
from laminae.files.onnx_reader import read
from laminae.files.onnx_writer import to_bytes, to_proto
from laminae.graph import Function, Graph, Layer, Parameter, Value
from tests.files import small


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "cannot be written"),
        (2**63, "64 bits"),
        (1e39, "float32"),
        (["a", 1], "list of different things"),
        ([[1]], "cannot be written"),
    ],
)
def test_attributes_that_no_file_can_hold(value, words):
    graph = small.built()
    small.add(graph, what=value)
    with pytest.raises(AttributeValueError, match=words) as caught:
        to_bytes(graph)
    assert "layer 'own', attribute 'what'" in str(caught.value)


def test_attributes_of_other_libraries_numbers_are_numbers():
    graph = small.built()
    given_values = {"i": np.int32(3), "f": np.float32(0.5), "b": True, "t": (1, 2), "m": [1, 0.5], "none": None}
    small.add(graph, **given_values)
    found = read(to_bytes(graph)).layers[-1].attributes
    assert found == {"i": 3, "f": 0.5, "b": 1, "t": [1, 2], "m": [1.0, 0.5]}


def test_a_dtype_that_onnx_lacks():
    graph = small.built()
    graph.add_parameter(Parameter("p", np.zeros(3, "datetime64[s]")))
    with pytest.raises(DTypeError, match="datetime64"):
        to_bytes(graph)


def test_an_unsound_graph_is_not_written():
    graph = small.built()
    graph.layers.reverse()
    with pytest.raises(ModelError, match="made later"):
        to_bytes(graph)


def test_a_layer_of_another_version_than_the_models_is_not_written():
    graph = small.built()
    graph.layers[1].opset = 7
    with pytest.raises(ModelError, match=r"layer 'scale' is of another version[\s\S]*opset 7[\s\S]*ai.onnx 21"):
        to_bytes(graph)


def test_a_body_that_would_read_another_value_by_that_name_is_not_written():
    graph = small.built()
    body = Graph("body", opsets=graph.opsets)
    inner = Value("y")
    body.append(Layer("a", "Relu", (graph.outputs[0],), (inner,), opset=21))
    body.outputs = (inner,)
    c = graph.add_input("c", "bool", ())
    graph.append(Layer("if", "If", (c,), (Value("z"),), {"then_branch": body, "else_branch": body}, opset=21))
    with pytest.raises(ModelError, match="means another value"):
        to_bytes(graph)


def test_a_function_that_the_model_was_not_told_of_is_written_too():
    graph = small.built()
    inner = Graph("f", opsets={"": 21})
    x = inner.add_input("x")
    y = Value("y")
    inner.append(Layer("relu", "Relu", (x,), (y,), opset=21))
    inner.outputs = (y,)
    function = Function("f", "d", "", inner)
    small.add(graph).operator = "f"
    graph.layers[-1].function = function
    assert list(read(to_bytes(graph)).functions) == [("d", "f", "")]
    inner.add_parameter(Parameter("w", np.zeros(1)))
    with pytest.raises(ModelError, match=r"function 'f' has parameters[\s\S]*w"):
        to_bytes(graph)


def test_what_was_kept_and_then_tampered_with_is_refused():
    graph = small.built()
    graph.layers[1].metadata["onnx.kept"] = "not base64"
    with pytest.raises(FileError, match=r"delete the key 'onnx.kept'"):
        to_bytes(graph)


def test_a_type_that_was_kept_gives_way_when_the_value_has_another():
    proto = small.sound()
    proto.graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    graph = read(proto)
    graph.inputs[0].shape = (8, 4)
    dims = to_proto(graph).graph.input[0].type.tensor_type.shape.dim
    assert [(dim.dim_value, dim.denotation) for dim in dims] == [(8, ""), (4, "")]
